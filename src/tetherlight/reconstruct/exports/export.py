"""An export of a folder of images: what runs in the child."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tetherlight.errors import InvalidPayload
from tetherlight.protocol.results import EXPORT_FORMS
from tetherlight.reconstruct.exports.forms import (
    export_bagit,
    export_colmap,
    export_lino,
    export_lp,
    export_meshroom,
    export_relightlab,
)
from tetherlight.reconstruct.exports.iiif import export_iiif
from tetherlight.reconstruct.exports.material import Material
from tetherlight.reconstruct.exports.target import Target
from tetherlight.reconstruct.exports.textures import export_textures
from tetherlight.reconstruct.spool import Tell

BASE_URL = "http://localhost:8000"
"""Where `python3 -m http.server` serves the folder that it is started in."""
FORMS: Mapping[str, Callable[[Material, Target], None]] = {
    "textures": export_textures,
    "lp": export_lp,
    "relightlab": export_relightlab,
    "meshroom": export_meshroom,
    "lino": export_lino,
    "colmap": export_colmap,
    "bagit": export_bagit,
}


@dataclass(frozen=True)
class Wanted:
    """What was chosen, as it travels."""

    to: str
    base_url: str | None = None
    copies: bool = True
    """Whether originals are copied into the export."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Take them from what has travelled; raise InvalidPayload."""
        made = cls(**given)
        if made.to not in EXPORT_FORMS:
            raise InvalidPayload(
                f"There is no export to '{made.to[:60]}'.", hint=f"There are {', '.join(EXPORT_FORMS)}."
            )
        if made.base_url is not None and urlsplit(made.base_url).scheme not in {"http", "https"}:
            raise InvalidPayload("The base address of an IIIF manifest begins with http:// or https://.")
        return made


def export(
    progress: Tell, *, folder: str, into: str, options: Mapping[str, Any], within: str | None = None
) -> dict[str, Any]:
    """Write an export of a folder's images into another folder; return what a list of results tells of it.

    Images are opened for reading only; `within` is the folder below which no link is followed. Raises SetNotFound,
    SetBusy, ImageNotFound, ImageUnreadable, ShapesDiffer, LightsUnknown, LightsFileInvalid, DiskFull and StoreError.
    """
    wanted, source = Wanted.of(options), Path(folder)
    top = source.parent if within is None else Path(within)
    progress(0, 1, "looking at the images")
    material = Material.of(source, top)
    target = Target(Path(into), source, top, copies=wanted.copies)
    if wanted.to == "iiif":
        export_iiif(material, target, wanted.base_url or BASE_URL, progress)
    else:
        FORMS[wanted.to](material, target)
    target.finish()
    return {
        "kind": "export",
        "method": wanted.to,
        "why": None,
        "figures": {"images": len(material.images), "width": material.width, "height": material.height},
        "warnings": [],
        "inputs": target.inputs,
        "parameters": asdict(wanted),
        "versions": {"tetherlight": version("tetherlight")},
        "scale_mm_per_pixel": material.scale,
    }
