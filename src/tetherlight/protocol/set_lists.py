"""Actions that list sets and captures: pages, searches, and what sets have in common."""

from datetime import date
from typing import Literal

from pydantic import Field, RootModel

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload
from tetherlight.protocol.models import ImageFile, ImageSet, Model
from tetherlight.protocol.names import Feature

SET_EXAMPLE = "my_object_scan_20231027-150000"
SetOrder = Literal["newest", "oldest", "name", "size", "rating"]


class ListSets(Payload):
    """Which sets are wanted, in what order, and how many at a time; all, newest first, where nothing is said."""

    limit: int | None = Field(
        default=None, ge=1, le=1000, description="Makes the result a page of at most so many sets."
    )
    cursor: str | None = Field(
        default=None, max_length=2000, description="Of the page before, for the next one with the same fields."
    )
    search: str | None = Field(
        default=None, max_length=200, description="Words that all stand in name, camera or catalogue number."
    )
    order: SetOrder = Field(
        default="newest", description="By beginning, name, size (largest first) or rating (best first)."
    )
    complete: bool | None = Field(
        default=None, description="Only sets that are complete (also those without a manifest), or only others."
    )
    min_rating: int | None = Field(default=None, ge=0, le=5, description="No rating counts as 0.")
    max_rating: int | None = Field(default=None, ge=0, le=5, description="0 gives the sets that nobody rated.")
    day: date | None = Field(default=None, description="Only sets that began on this day, by the server's clock.")
    object: str | None = Field(
        default=None, max_length=200, description="Only sets of this object, as LIST_SET_FACETS names it."
    )
    camera: str | None = Field(default=None, max_length=200, description="Only sets taken with such a camera.")


class FacetValue(Model):
    """A value that sets have in common."""

    value: str
    count: int = Field(description="Sets that have it.")


class SetFacets(Model):
    """What the sets that match have in common; the most recent 1000 days, and the 1000 most frequent of the others."""

    days: list[FacetValue] = Field(description="YYYY-MM-DD by the server's clock, newest first.")
    objects: list[FacetValue] = Field(description="Catalogue numbers; else names without the time at their end.")
    cameras: list[FacetValue]
    complete: int
    partial: int


class ImageSetPage(Model):
    """Some of the image sets, and how to get the next ones."""

    sets: list[ImageSet]
    total: int = Field(description="Sets on all pages together.")
    cursor: str | None = Field(default=None, description="Gives the next page; null where this is the last one.")
    seq: int = Field(description="Number of the last event of the topic `sets` that is in it for sure.")


class ImageSetList(RootModel[list[ImageSet] | ImageSetPage]):
    """Image sets; a page of them where a limit was given."""


class ImageList(RootModel[list[ImageFile]]):
    """Images by filename."""


class ListCaptures(Payload):
    """How many of the newest single captures are wanted."""

    limit: int = Field(default=100, ge=1, le=1000)


SET_PAGES = Feature("set_pages", "Sets by pages, searched and sorted by the server.")
FACETS = Feature("set_facets", "Sets by day, object and camera.")

LIST_IMAGE_SETS = Action(
    "LIST_IMAGE_SETS", ListSets, ImageSetList,
    right="read",
    summary="List the image sets, newest first; with a limit a page of them, else all that match.",
    repeatable=True,
    failure="Error listing image sets.",
    errors=(errors.StoreError,),
    example_result=[{"name": SET_EXAMPLE, "status": "completed", "image_count": 3}],
    feature=SET_PAGES,
)  # fmt: skip
LIST_SET_FACETS = Action(
    "LIST_SET_FACETS", ListSets, SetFacets,
    right="read",
    summary="Tell by what the sets that match can be narrowed down, with counts; limit, cursor and order mean nothing.",
    repeatable=True,
    errors=(errors.StoreError,),
    example={"search": "vase"},
    example_result={
        "days": [{"value": "2023-10-27", "count": 3}], "objects": [{"value": "vase", "count": 3}],
        "cameras": [{"value": "Canon EOS 1300D", "count": 3}], "complete": 2, "partial": 1},
    feature=FACETS,
)  # fmt: skip
LIST_CAPTURES = Action(
    "LIST_CAPTURES", ListCaptures, ImageList,
    right="read",
    summary="List the newest single captures, newest first.",
    repeatable=True,
    errors=(errors.StoreError,),
    example={"limit": 20},
    example_result=[],
)  # fmt: skip
