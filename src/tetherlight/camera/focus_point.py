"""Where a camera shall focus, from shares of the live view to the numbers that each maker's cameras take.

The names and forms are those of libgphoto2 2.5.34. A value that an entry already shows is never sent by it, and all
these entries always show zeros: no number here is ever below 1.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Point = tuple[float, float]
"""Shares from 0 to 1 of the live view's width and height, from its upper left corner."""
Size = tuple[int, int]
PIXELS = re.compile(r"^\s*(\d+)\s*x\s*(\d+)\s*$")
CANON_FRAME = 5
"""Canon's focus frame is that of the fivefold magnifier: a fifth of the picture each way, told by its upper left."""


@dataclass(frozen=True)
class Area:
    """The coordinates of one camera's focus frame in pixels, `frame` being the size of what is told by its corner."""

    size: Size
    separator: str
    frame: Size = (0, 0)

    def write(self, point: Point) -> str:
        """Write the point; a frame that would reach beyond the picture's edge stays at the edge."""
        return self.separator.join(
            str(min(max(round(share * whole - frame / 2), 1), whole - max(frame, 1)))
            for share, whole, frame in zip(point, self.size, self.frame, strict=True)
        )


SONY = Area((640, 480), ",")
"""Sony's bodies divide the live view into 640 times 480, whatever its pixels."""


def nikon(size: Size) -> Area:
    """Return the area of a Nikon body, whose live view counts in pixels of its largest picture."""
    return Area(size, "x")


def canon(size: Size) -> Area:
    """Return the area of a Canon EOS body, which counts in pixels of its sensor."""
    return Area(size, ",", (size[0] // CANON_FRAME, size[1] // CANON_FRAME))


def largest(texts: Iterable[str]) -> Size | None:
    """Return the picture size with most pixels among texts such as 6016x4016; None where none is one."""
    found = [(int(match[1]), int(match[2])) for text in texts if (match := PIXELS.match(text))]
    return max(found, key=lambda size: size[0] * size[1], default=None)


CANON_SENSORS: Mapping[Size, tuple[str, ...]] = {
    (3888, 2592): ("40D", "1000D", "Rebel XS", "Kiss F", "1D Mark III"),
    (4272, 2848): ("450D", "Rebel XSi", "Kiss X2", "1100D", "Rebel T3", "Kiss X50"),
    (4752, 3168): ("50D", "500D", "Rebel T1i", "Kiss X3"),
    (4896, 3264): ("1D Mark IV",),
    (5184, 3456): (
        "7D", "60D", "60Da", "550D", "Rebel T2i", "Kiss X4", "600D", "Rebel T3i", "Kiss X5", "650D", "Rebel T4i",
        "Kiss X6i", "700D", "Rebel T5i", "Kiss X7i", "100D", "Rebel SL1", "Kiss X7", "1200D", "Rebel T5", "Kiss X70",
        "1300D", "Rebel T6", "Kiss X80", "4000D", "3000D", "Rebel T100", "1D X", "M", "M2", "M10",
    ),
    (5472, 3648): ("6D", "70D", "7D Mark II", "1D X Mark II", "1D X Mark III", "R6"),
    (5616, 3744): ("5D Mark II", "1Ds Mark III"),
    (5760, 3840): ("5D Mark III",),
    (6000, 4000): (
        "80D", "77D", "9000D", "200D", "Rebel SL2", "Kiss X9", "250D", "Rebel SL3", "Kiss X10", "750D", "Rebel T6i",
        "Kiss X8i", "760D", "Rebel T6s", "8000D", "800D", "Rebel T7i", "Kiss X9i", "850D", "Rebel T8i", "Kiss X10i",
        "2000D", "1500D", "Rebel T7", "Kiss X90", "M3", "M5", "M6", "M50", "M50 Mark II", "M100", "M200", "R1", "R3",
        "R6 Mark II", "R8", "R10", "R50", "R100",
    ),
    (6240, 4160): ("6D Mark II", "RP"),
    (6720, 4480): ("5D Mark IV", "R", "Ra"),
    (6960, 4640): ("90D", "M6 Mark II", "R7"),
    (8192, 5464): ("R5", "R5 C", "R5 Mark II"),
    (8688, 5792): ("5DS", "5DS R"),
}  # fmt: skip
"""The size of the largest picture of each body, by the name after EOS; none of them says it through libgphoto2."""


def canon_size(model: str) -> Size | None:
    """Return (width, height) of an EOS body's sensor in pixels, or None for a body that is not known."""
    name = " ".join(model.casefold().removeprefix("canon").removeprefix(" eos").split())
    name = name.replace("-1d", "1d")
    for size, names in CANON_SENSORS.items():
        if name in {one.casefold() for one in names}:
            return size
    return None
