"""Names for cameras and addresses."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

NETWORK = re.compile(r"^ptpip:([^:]+)(?::(\d+))?(?::(\d+))?$")


@dataclass(frozen=True)
class FoundCamera:
    """A camera that the scanner saw."""

    model: str
    port: str
    serial: str | None
    camera_id: str
    path: str | None = None
    """The way to its USB socket in the kernel's words, such as 1-2.3; None on the network, and where nobody says it."""

    @property
    def place(self) -> str:
        """Where it is, in words that stay when it is plugged out and in: the USB socket, else the port."""
        return self.port if self.path is None else f"usb-{self.path}"


def slug(*parts: str) -> str:
    """Join parts into a name of lower-case letters, digits and hyphens."""
    return "-".join(filter(None, (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)))


def camera_ids(found: Sequence[tuple[str, str, str | None, str | None]]) -> list[FoundCamera]:
    """Give each camera of (model, port, serial, path) an id: by its serial number where that is unique, else its place.

    This is among what was found at once; what a camera is called in a rig is for `KnownCameras` to say.
    """
    often = Counter((model, serial) for model, _, serial, _ in found)
    return [
        named(FoundCamera(model, port, serial, "", path), by_serial=often[model, serial] == 1)
        for model, port, serial, path in found
    ]


def named(found: FoundCamera, *, by_serial: bool) -> FoundCamera:
    """Return the camera with an id made of its model and its serial number, or its place where it has none."""
    return replace(found, camera_id=slug(found.model, found.serial if found.serial and by_serial else found.place))


def normal_address(address: str) -> str:
    """Write a network address as libgphoto2 wants it: with a port it needs the port twice, the second for events."""
    match = NETWORK.match(address)
    if match is None or match[2] is None:
        return address
    return f"ptpip:{match[1]}:{match[2]}:{match[3] or match[2]}"
