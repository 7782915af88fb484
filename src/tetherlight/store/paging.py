"""Which image sets a client gets of all there are: those that match, in an order, a page at a time.

Pure. A cursor holds the place of a page's last set in the order and not how many came before it: sets that come or go
meanwhile move no other set into or out of the next page.
"""

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from pydantic_core import from_json, to_json

from tetherlight.errors import InvalidPayload
from tetherlight.protocol.models import ImageSet, JobState
from tetherlight.protocol.set_lists import ListSets, SetOrder
from tetherlight.store.index import Entry

Place = tuple[int | str, ...]
"""Where a set stands in an order; no two sets have the same."""

ORDERS: Mapping[SetOrder, Callable[[Entry], Place]] = MappingProxyType(
    {
        "newest": lambda one: (-one.when, one.summary.name),
        "oldest": lambda one: (one.when, one.summary.name),
        "name": lambda one: (one.summary.name.casefold(), one.summary.name),
        "size": lambda one: (-one.summary.size, -one.when, one.summary.name),
        "rating": lambda one: (-(one.summary.rating or 0), -one.when, one.summary.name),
    }
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the sets that match."""

    entries: Sequence[Entry]
    total: int
    cursor: str | None


def matching(entries: Iterable[Entry], wanted: ListSets) -> list[Entry]:
    """Return the sets that are wanted, in their order."""
    found: Iterable[Entry] = entries
    if words := (wanted.search or "").casefold().split():
        found = [one for one in found if all(word in one.words for word in words)]
    if not {"complete", "min_rating", "max_rating", "day", "object", "camera"}.isdisjoint(wanted.model_fields_set):
        found = [one for one in found if _passes(one.summary, wanted)]
    return sorted(found, key=ORDERS[wanted.order])


def page_of(entries: Iterable[Entry], wanted: ListSets, limit: int) -> Page:
    """Return a page of the sets that match; raise InvalidPayload for a cursor of another order, or none at all."""
    found = matching(entries, wanted)
    place = ORDERS[wanted.order]
    begin = 0 if wanted.cursor is None else bisect_right(found, _place_in(wanted.cursor, wanted.order), key=place)
    end = begin + limit
    more = end < len(found)
    return Page(found[begin:end], len(found), _cursor(wanted.order, place(found[end - 1])) if more else None)


def is_complete(summary: ImageSet) -> bool:
    """Say whether a set is whole as far as one knows: a folder without a manifest was captured elsewhere."""
    return summary.status in {None, JobState.COMPLETED}


def day_of(summary: ImageSet) -> date | None:
    """Return the day on which a set began, by this machine's clock."""
    try:
        return None if summary.created_at is None else summary.created_at.astimezone().date()
    except (OverflowError, ValueError):  # at the ends of what dates can be
        return summary.created_at.date() if summary.created_at is not None else None


def object_of(summary: ImageSet) -> str:
    """Return what a set shows: its catalogue number, else its name without the time at the end."""
    return summary.catalogue_number or _TIME.sub("", summary.name) or summary.name


_TIME = re.compile(r"[-_ ]?[0-9]{8}[-_T]?[0-9]{4,6}(?:-[0-9]+)?$")


def _passes(summary: ImageSet, wanted: ListSets) -> bool:
    rating = summary.rating or 0
    return (
        (wanted.complete is None or wanted.complete == is_complete(summary))
        and (wanted.min_rating is None or rating >= wanted.min_rating)
        and (wanted.max_rating is None or rating <= wanted.max_rating)
        and (wanted.day is None or day_of(summary) == wanted.day)
        and (wanted.object is None or object_of(summary) == wanted.object)
        and (wanted.camera is None or summary.camera == wanted.camera)
    )


def _cursor(order: SetOrder, place: Place) -> str:
    return base64.urlsafe_b64encode(to_json([order, *place])).decode().rstrip("=")


def _place_in(cursor: str, order: SetOrder) -> Place:
    try:
        given, *place = from_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), allow_inf_nan=False)
    except (ValueError, TypeError, binascii.Error):
        given, place = None, []
    kinds = [type(part) for part in place]
    if given != order or kinds != _KINDS[order]:
        raise InvalidPayload(
            "Field 'cursor' of LIST_IMAGE_SETS: it belongs to no list in this order.",
            hint="Give the cursor of the page before with the same order, or begin without one.",
        )
    return tuple(place)


_KINDS: Mapping[SetOrder, list[type]] = MappingProxyType(
    {
        "newest": [int, str],
        "oldest": [int, str],
        "name": [str, str],
        "size": [int, int, str],
        "rating": [int, int, str],
    }
)
