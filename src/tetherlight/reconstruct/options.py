"""What can be chosen about a reconstruction, as it goes to the child and into the report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, get_args

from tetherlight.errors import InvalidPayload
from tetherlight.protocol.results import CodedAs, Method

AUTO = "auto"
METHODS = get_args(Method)
RESPONSES = get_args(CodedAs)
PREVIEW_SHRINK = 4
"""By how much a preview is smaller than the images, in each direction."""
MESH_LONGEST = 400
"""Vertices along the longer edge of a mesh."""


@dataclass(frozen=True)
class Options:
    """What was chosen; all of it is text, numbers and flags, so that it travels."""

    lights: str | None = None
    """The path of an `.lp` file; None for what the folder tells."""
    mask: str | None = None
    """The path of an image that is white where the object is; None to look for it."""
    response: str = AUTO
    """One of RESPONSES, or the path of a measured curve."""
    method: str = AUTO
    """One of METHODS."""
    near: bool = False
    """Whether the lights have positions instead of directions."""
    raw: bool = False
    """Whether RAW files are taken where the set has both."""
    exclude: tuple[str, ...] = ()
    """Names of lights, or of their images, that are left out."""
    flat: str | None = None
    """The path of a folder with a flat field: a matte white plane under each of the lights."""
    preview: bool = False
    """Whether a small and quick version is wanted."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Take them from what has travelled; raise InvalidPayload for a method that there is not."""
        made = cls(**{**given, "exclude": tuple(given.get("exclude", ()))})
        if made.method not in METHODS:
            raise InvalidPayload(f"There is no method '{made.method[:60]}'.", hint=f"Methods are {', '.join(METHODS)}.")
        if made.near and made.flat is not None:
            raise InvalidPayload(
                "A flat field and positions of lights tell the same fall-off twice.", hint="Leave one of them out."
            )
        return made

    def as_dict(self) -> dict[str, Any]:
        """Return them as what travels."""
        return asdict(self) | {"exclude": list(self.exclude)}

    @property
    def shrink(self) -> int:
        """By how much the images are made smaller."""
        return PREVIEW_SHRINK if self.preview else 1
