"""The options of `tetherlight simulate`."""

import argparse
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tetherlight.simulator.camera import HIGHEST_ISOS, USB2_BYTES_PER_S, VENDORS
from tetherlight.simulator.pace import FAST_SIZE, SLOW_SIZE
from tetherlight.simulator.request import Fields
from tetherlight.simulator.serials import SERIALS


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments and explains them."""
    made = argparse.ArgumentParser(
        prog="tetherlight simulate",
        description="Simulated cameras in front of a lit scene. One line on stdout tells where they are.",
        epilog="docs/how-to/simulate-faults.md lists what cameras can be made to do, from the start or while they run.",
    )
    _add_cameras(made.add_argument_group("the cameras"))
    _add_pictures(made.add_argument_group("their pictures"))
    _add_program(made.add_argument_group("the program"))
    return made


def _add_cameras(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--cameras", type=_positive, default=1, metavar="N", help="how many there are (default: 1)")
    group.add_argument(
        "--vendor",
        type=_vendors,
        default=("canon",),
        metavar="NAME[,NAME]",
        help=f"whose they are, in turn: {', '.join(VENDORS)}; generic ones have no maker's extension, "
        "both is canon,nikon (default: canon)",
    )
    group.add_argument(
        "--serial",
        type=_in_turn(SERIALS),
        default=("unique",),
        metavar="KIND[,KIND]",
        help=f"what they give as serial number, in turn: {', '.join(SERIALS)} (default: unique)",
    )
    group.add_argument(
        "--do",
        type=request,
        action="append",
        default=[],
        metavar="'OP FIELD=VALUE ...'",
        help="a request of the control socket to begin with, for every camera unless it names one, "
        "such as 'quirks turned=90'; may be repeated",
    )
    group.add_argument(
        "--ports",
        type=_ports,
        default=(),
        metavar="PORT,PORT",
        help="TCP ports with commas between, two for each camera (default: any)",
    )
    group.add_argument(
        "--bandwidth",
        type=_rate,
        default=USB2_BYTES_PER_S,
        metavar="RATE",
        help="bytes per second to the computer (default: as USB 2)",
    )


def _add_pictures(group: argparse._ArgumentGroup) -> None:
    usual, slow = ("{} x {}".format(*size) for size in (FAST_SIZE, SLOW_SIZE))
    group.add_argument(
        "--width",
        type=_positive,
        metavar="PIXELS",
        help=f"width of a capture (default: {usual}, on a slow machine {slow})",
    )
    group.add_argument("--height", type=_positive, metavar="PIXELS", help="height of a capture")
    group.add_argument(
        "--highest-iso",
        type=int,
        choices=HIGHEST_ISOS,
        metavar="ISO",
        help=f"last choice of the sensitivity: {', '.join(map(str, HIGHEST_ISOS))} (default: the maker's)",
    )
    group.add_argument("--fps", type=_rate, default=30.0, help="viewfinder frames per second (default: 30)")
    group.add_argument(
        "--depth-of-field",
        action="store_true",
        help="blur what the lens is not focused on (default: everything is sharp)",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the sensor's noise")


def _add_program(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--control", type=Path, metavar="PATH", help="path of the control socket (default: in a new private folder)"
    )
    group.add_argument("--no-warm", dest="warm", action="store_false", help="render lights only when they are needed")
    group.add_argument("--exit-with-stdin", action="store_true", help="end when stdin is closed")
    group.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        metavar="LEVEL",
        help="debug, info, warning or error (default: warning)",
    )


def request(text: str) -> Fields:
    """Read `OP FIELD=VALUE ...`; numbers, true, false and null mean what they mean in JSON, all else is text."""
    op, *pairs = shlex.split(text) or [""]
    found: dict[str, Any] = {"op": op}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{pair!r} is not FIELD=VALUE")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def _ports(text: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(","))
    if not all(0 < number < 65536 for number in numbers):
        raise argparse.ArgumentTypeError(f"must be port numbers, not {text}")
    return numbers


def _rate(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"must be greater than 0, not {text}")
    return number


def _in_turn(names: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Give a reader of names with commas between them, which the cameras take in turn."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        for name in found:
            if name not in names:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(names)}")
        return found

    return read


def _vendors(text: str) -> tuple[str, ...]:
    return _in_turn(VENDORS)("canon,nikon" if text == "both" else text)
