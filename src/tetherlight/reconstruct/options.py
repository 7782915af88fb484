"""What can be chosen about a reconstruction, as it goes to the child and into the report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tetherlight.errors import InvalidPayload
from tetherlight.photometric.normals import METHODS
from tetherlight.pixels.response import LINEAR, SRGB, Response, response_of_file

AUTO = "auto"
RESPONSES = (AUTO, SRGB.name, LINEAR.name)
PREVIEW_SHRINK = 4
"""By how much a preview is smaller than the images, in each direction."""


@dataclass(frozen=True)
class Options:
    """What was chosen; all of it is text, numbers and flags, so that it travels."""

    lights: str | None = None
    """The path of an `.lp` file; None for what the folder tells."""
    mask: str | None = None
    """The path of an image that is white where the object is; None to look for it."""
    response: str = AUTO
    """`auto`, `srgb`, `linear`, or the path of a measured curve."""
    method: str = AUTO
    """`auto`, or one of `photometric.normals.METHODS`."""
    near: bool = False
    """Whether the lights have positions instead of directions."""
    raw: bool = False
    """Whether RAW files are taken where the set has both."""
    preview: bool = False
    """Whether a small and quick version is wanted."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Take them from what has travelled; raise InvalidPayload for a method or a response that there is not."""
        made = cls(**given)
        if made.method not in {AUTO, *METHODS}:
            raise InvalidPayload(
                f"There is no method '{made.method[:60]}'.", hint=f"Methods are {', '.join((AUTO, *METHODS))}."
            )
        return made

    def as_dict(self) -> dict[str, Any]:
        """Return them as what travels."""
        return asdict(self)

    @property
    def shrink(self) -> int:
        """By how much the images are made smaller."""
        return PREVIEW_SHRINK if self.preview else 1

    def chosen_response(self) -> Response | None:
        """Return the response that was named, None where it is to be found; raise InvalidSetting for a bad curve."""
        named = {SRGB.name: SRGB, LINEAR.name: LINEAR}
        if self.response == AUTO:
            return None
        return named.get(self.response) or response_of_file(Path(self.response))
