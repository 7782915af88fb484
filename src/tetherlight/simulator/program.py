"""The simulator as a program: arguments, the announcement on stdout, and the way it ends."""

import argparse
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tetherlight.simulator.camera import USB2_BYTES_PER_S, VENDORS, Choices, Make, SimulatedCamera, build
from tetherlight.simulator.control import Control
from tetherlight.simulator.control_server import ControlServer
from tetherlight.simulator.serials import SERIALS
from tetherlight.simulator.stage import SceneOutlook, Stage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Simulator:
    """Everything that runs while the program does."""

    stage: Stage
    cameras: Sequence[SimulatedCamera]

    def announce(self, control: Path) -> str:
        """Give the one line that tells where everything is."""
        cameras = [
            {
                "name": camera.name,
                "model": camera.body.identity.model,
                "serial": camera.body.identity.serial,
                "port": camera.responder.address,
                "addresses": camera.responder.addresses,
            }
            for camera in self.cameras
        ]
        return json.dumps({"control": str(control), "cameras": cameras})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator until a signal or, with --exit-with-stdin, the end of stdin; give the exit code."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(
        stream=sys.stderr, level=arguments.log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    ended = threading.Event()
    with _signals(ended), ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tetherlight-simulator-")))
        simulator = _start(arguments, folder, stack)
        control = arguments.control or folder / "control.sock"
        server = ControlServer(Control(simulator.stage, simulator.cameras), control)
        stack.callback(server.close)
        server.start()
        sys.stdout.write(simulator.announce(control) + "\n")
        sys.stdout.flush()
        simulator.stage.start(warm=arguments.warm)
        if arguments.exit_with_stdin:
            threading.Thread(target=_watch_stdin, args=(ended,), name="stdin", daemon=True).start()
        ended.wait()
    # Rendering ahead ends with the process: it keeps no files, and one light may take seconds.
    return 0


def _start(arguments: argparse.Namespace, folder: Path, stack: ExitStack) -> Simulator:
    """Build and plug in the cameras; the stack takes everything down again."""
    size = (arguments.width, arguments.height)
    choices = Choices(size, arguments.fps, arguments.bandwidth, folder)
    stage = Stage(arguments.cameras, size, arguments.seed)
    cameras = []
    for index in range(arguments.cameras):
        outlook = SceneOutlook(lambda index=index: stage.scene(index))  # type: ignore[misc]
        camera = build(_make(arguments, index), outlook, choices)
        stack.callback(camera.close)
        cameras.append(camera)
        camera.responder.plug()
    return Simulator(stage, cameras)


def _make(arguments: argparse.Namespace, index: int) -> Make:
    vendors, serials = arguments.vendor, arguments.serial
    return Make(index + 1, vendors[index % len(vendors)], serials[index % len(serials)])


@contextmanager
def _signals(ended: threading.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT end the program, and put the old handlers back."""
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_stdin(ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tetherlight simulate", description="Simulated cameras in front of a lit scene."
    )
    parser.add_argument("--cameras", type=_positive, default=1, help="how many cameras")
    parser.add_argument(
        "--vendor",
        type=_vendors,
        default=("canon",),
        metavar="NAME[,...]",
        help=f"whose cameras, in turn: {', '.join(VENDORS)}; both is canon,nikon",
    )
    parser.add_argument(
        "--serial",
        type=_in_turn(SERIALS),
        default=("unique",),
        metavar="KIND[,...]",
        help=f"serial numbers of the cameras, in turn: {', '.join(SERIALS)}",
    )
    parser.add_argument("--control", type=Path, help="path of the control socket (default: in a new private folder)")
    parser.add_argument("--width", type=_positive, default=3000, help="width of a capture in pixels")
    parser.add_argument("--height", type=_positive, default=2000, help="height of a capture in pixels")
    parser.add_argument("--fps", type=_rate, default=30.0, help="viewfinder frames per second")
    parser.add_argument("--bandwidth", type=_rate, default=USB2_BYTES_PER_S, help="bytes per second to the computer")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sensor's noise")
    parser.add_argument("--no-warm", dest="warm", action="store_false", help="render lights only when they are needed")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin is closed")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    return parser
