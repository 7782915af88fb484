"""What a release of the shutter means by the settings of the body: a picture, or something else."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tetherlight.errors import CaptureRefused

Kind = Literal["bulb", "movie", "mirror"]
MODES = ("autoexposuremode", "autoexposuremodedial", "expprogram", "shootingmode")
"""Where bodies say on what their mode dial stands."""
DRIVES = ("drivemode", "capturemode")


@dataclass(frozen=True)
class Meaning:
    """Values of some entries by which a release gives no picture of a known exposure; a self-timer only delays it."""

    kind: Kind
    names: tuple[str, ...]
    values: re.Pattern[str]
    consequence: str
    hint: str


MEANINGS = (
    Meaning(
        "bulb",
        ("shutterspeed", *MODES),
        re.compile(r"bulb|b|time|t|bulb/time|(live )?composite", re.IGNORECASE),
        "the exposure would last until somebody ends it.",
        "Say how long, with exposure_s, or set a shutter time; where the mode dial of the body stands on bulb (B), "
        "turn it to manual (M).",
    ),
    Meaning(
        "movie",
        (*MODES, *DRIVES),
        re.compile(r".*(movie|video|s&q).*", re.IGNORECASE),
        "a release takes no picture.",
        "Set it to photographs, often by a switch or the mode dial of the body.",
    ),
    Meaning(
        "movie",
        ("eosmovieswitch",),
        re.compile("1"),
        "a release takes no picture.",
        "Turn the switch of the body from movies to photographs.",
    ),
    Meaning(
        "mirror",
        DRIVES,
        re.compile(r".*(mirror ?up|mup).*", re.IGNORECASE),
        "a release only moves the mirror.",
        "Set it to single pictures.",
    ),
    Meaning("mirror", ("mirrorlock",), re.compile("1"), "a release only moves the mirror.", "Set it to 0."),
)
TOLD_BY = tuple(dict.fromkeys(name for meaning in MEANINGS for name in meaning.names))
"""The entries that are looked at."""


def refusal(
    text: Callable[[str], str | None], *, settled: Iterable[str] = (), held: bool = False
) -> CaptureRefused | None:
    """Return why no picture must be taken now, where `text` gives the value of an entry; None where one can be.

    Entries in `settled` are not looked at: somebody sets them before the release. `held` says that the shutter is held
    open for a time that is known.
    """
    passed_over = frozenset(settled)
    for meaning in MEANINGS:
        if held and meaning.kind == "bulb":
            continue
        for name in meaning.names:
            value = None if name in passed_over else text(name)
            if value is not None and meaning.values.fullmatch(value.strip()):
                return CaptureRefused(
                    f"With '{name}' at '{value}' {meaning.consequence}",
                    hint=meaning.hint,
                    details={"setting": name, "value": value, "kind": meaning.kind},
                )
    return None
