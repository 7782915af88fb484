"""What known bodies need before they can be controlled: each row with where that was read, and no row without.

A body is told by its USB numbers, which many have one of for each choice in their menu. Rows come from libgphoto2's
list of bodies and from what people reported; of a body that is not here nothing is said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tetherlight.doctor.usb import UsbDevice
from tetherlight.protocol.server import Finding

CANON, FUJIFILM, NIKON, OLYMPUS, PANASONIC, SONY = 0x04A9, 0x04CB, 0x04B0, 0x07B4, 0x04DA, 0x054C
GITHUB = "https://github.com/gphoto"
LIST = f"{GITHUB}/libgphoto2/blob/master/camlibs/ptp2/library.c"
NEWS = f"{GITHUB}/libgphoto2/blob/master/NEWS"


@dataclass(frozen=True)
class Body:
    """What is known of bodies that show these USB numbers."""

    vendor: int
    products: frozenset[int]
    known: str
    """The end of a sentence that begins with the body's name."""
    remedy: str | None
    sources: tuple[str, ...]
    """Where it was read, as addresses."""
    level: Literal["warning", "info"] = "info"


BODIES: tuple[Body, ...] = (
    Body(
        SONY,
        frozenset({
            0x0779, 0x077A, 0x0830, 0x08AC, 0x08AD, 0x08B0, 0x08B7, 0x08E2, 0x08E3, 0x08E7, 0x09E7, 0x09E8, 0x0BFD,
            0x0C00, 0x0C03, 0x0CB1, 0x0D0F, 0x0D13, 0x0D17, 0x0DA6, 0x0DE3, 0x0EE7, 0x0F50,
        }),
        "is in its MTP mode, in which it gives away pictures but takes none",
        "Set USB Connection to PC Remote in its menu; where it has no such choice it cannot be controlled by USB.",
        (LIST, f"{GITHUB}/gphoto2/issues/266", f"{GITHUB}/gphoto2/issues/309"),
        "warning",
    ),
    Body(
        SONY,
        frozenset({0x07C6, 0x094E, 0x0A6B}),
        "keeps no picture on its card while it is controlled by USB: all go to the computer",
        None,
        (f"{GITHUB}/gphoto2/issues/302", f"{GITHUB}/libgphoto2/issues/117", f"{GITHUB}/gphoto2/issues/158"),
    ),
    Body(
        SONY,
        frozenset({0x096F, 0x0C34}),
        "keeps pictures on its card, too, only where its menu says so",
        "Set PC Remote Settings > Still Img. Save Dest. to PC+Camera where they shall stay on the card as well.",
        (f"{GITHUB}/gphoto2/issues/153",),
    ),
    Body(
        SONY,
        frozenset({0x0CCC}),
        "gives no picture to the computer where its menu says Camera Only",
        "Set Network > PC Remote Function > Still Img. Save Dest. to anything but Camera Only.",
        (f"{GITHUB}/libgphoto2/issues/471",),
    ),
    Body(
        FUJIFILM,
        frozenset({0x02CB}),
        "can be controlled with firmware 4.00 or later",
        "Update its firmware where it takes no pictures.",
        (LIST, f"{GITHUB}/libgphoto2/issues/220"),
    ),
    Body(
        FUJIFILM,
        frozenset({0x02CD}),
        "can be controlled with firmware 1.10 or later",
        "Update its firmware where it takes no pictures.",
        (LIST, NEWS, f"{GITHUB}/libgphoto2/issues/133"),
    ),
    Body(
        FUJIFILM,
        frozenset({0x02D4, 0x02D6, 0x02E3}),
        "takes no pictures by USB, as was reported",
        "Look whether its maker offers a later firmware that can.",
        (LIST, f"{GITHUB}/libgphoto2/issues/170", f"{GITHUB}/libgphoto2/issues/484"),
        "warning",
    ),
    Body(
        FUJIFILM,
        frozenset({0x02F2, 0x030C}),
        "takes pictures by USB only in a mode for tethering",
        "Set its connection mode to USB TETHER SHOOTING AUTO or FIXED.",
        (LIST, f"{GITHUB}/libgphoto2/pull/861"),
    ),
    Body(
        FUJIFILM,
        frozenset({0x0313}),
        "takes no pictures by USB, says the list of libgphoto2",
        None,
        (LIST,),
        "warning",
    ),
    Body(
        NIKON,
        frozenset({0x0453}),
        "has a live view by USB with firmware 2.00 or later",
        "Update its firmware where there is no live view.",
        ("https://github.com/puhitaku/mtplvcap/issues/75",),
    ),
    Body(
        NIKON,
        frozenset({0x042C}),
        "cannot be told by USB to hold its shutter open, as was reported",
        None,
        (f"{GITHUB}/gphoto2/issues/332",),
    ),
    Body(
        PANASONIC,
        frozenset({0x2382}),
        "can be controlled with firmware 2.3 or later, where it is a GH5",
        "Update its firmware where it takes no pictures.",
        (NEWS,),
    ),
    Body(
        OLYMPUS,
        frozenset({0x012F}),
        "is in a mode in which it gives away pictures but takes none",
        "Choose the connection to a computer for control in its USB menu, not MTP; where it has none, as an E-M5 "
        "Mark III or a TG-5, it cannot be controlled by USB.",
        (LIST, f"{GITHUB}/libgphoto2/issues/386", f"{GITHUB}/libgphoto2/issues/809", f"{GITHUB}/gphoto2/issues/151"),
        "warning",
    ),
    Body(
        CANON,
        frozenset({0x32D2}),
        "shows nothing on its display and hears none of its own buttons while it is open, as was reported",
        "Use its shutter button when the camera is not selected.",
        (f"{GITHUB}/gphoto2/issues/411",),
    ),
)  # fmt: skip


def check_bodies(devices: Sequence[UsbDevice]) -> Iterator[Finding]:
    """Tell what the cameras on the bus need that nobody can see from outside."""
    for device in devices:
        for body in BODIES:
            if device.vendor == body.vendor and device.product in body.products:
                yield Finding(
                    check="usb_body",
                    level=body.level,
                    message=f"{device.name} ({device.port}) {body.known} ({', '.join(body.sources)}).",
                    remedy=body.remedy,
                )
