"""Why a body gives no live view, as far as its own entries tell it: drivers mostly only say that it failed."""

import re
from collections.abc import Callable

from tetherlight.camera.release import MODES

PROHIBITED, OUTPUT, EVF_MODE, MOVIE_SWITCH = "liveviewprohibit", "output", "evfmode", "eosmovieswitch"
TOLD_BY = (PROHIBITED, OUTPUT, EVF_MODE, MOVIE_SWITCH, *MODES)
"""The entries that are looked at."""
COMPUTER = "PC"
MOVIE = re.compile(r"movie|video|s&q", re.IGNORECASE)


def hint(text: Callable[[str], str | None], output_options: list[str]) -> str | None:
    """Return what stands against a preview, where `text` gives the value of an entry; None where no entry tells it.

    `output_options` are those of the entry `output`, which other makers use for something else.
    """
    prohibited = text(PROHIBITED) or ""
    if "conditions:" in prohibited:  # else it says that nothing is prohibited
        return f"The camera's '{PROHIBITED}' says:{prohibited.partition(':')[2]}."
    output = text(OUTPUT)
    if output is not None and COMPUTER not in output and any(COMPUTER in option for option in output_options):
        return f"The camera's '{OUTPUT}' is '{output}': set it to '{COMPUTER}'."
    if text(EVF_MODE) == "0":
        return f"The camera's '{EVF_MODE}' is '0': set it to '1', or switch its live view on in its menu."
    if text(MOVIE_SWITCH) == "1":
        return "The lever of the body stands on movies: turn it to photographs."
    for name in MODES:
        if (value := text(name)) is not None and MOVIE.search(value):
            return f"The camera's '{name}' is '{value}': turn its dial or lever to photographs."
    return None
