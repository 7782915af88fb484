"""Names for cameras and addresses."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

NETWORK = re.compile(r"^ptpip:([^:]+)(?::(\d+))?(?::(\d+))?$")


@dataclass(frozen=True)
class FoundCamera:
    """A camera that the scanner saw."""

    model: str
    port: str
    serial: str | None
    camera_id: str


def slug(*parts: str) -> str:
    """Join parts into a name of lower-case letters, digits and hyphens."""
    return "-".join(filter(None, (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)))


def camera_ids(found: Sequence[tuple[str, str, str | None]]) -> list[FoundCamera]:
    """Give each camera of (model, port, serial) its id: model and serial where that is unique, else model and port."""
    often = Counter((model, serial) for model, _, serial in found)
    return [
        FoundCamera(model, port, serial, slug(model, serial if serial and often[model, serial] == 1 else port))
        for model, port, serial in found
    ]


def normal_address(address: str) -> str:
    """Write a network address as libgphoto2 wants it: with a port it needs the port twice, the second for events."""
    match = NETWORK.match(address)
    if match is None or match[2] is None:
        return address
    return f"ptpip:{match[1]}:{match[2]}:{match[3] or match[2]}"
