"""The simulator as a program: arguments, the announcement on stdout, and the way it ends."""

import argparse
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tetherlight.simulator.camera import USB2_BYTES_PER_S, Choices, SimulatedCamera, build
from tetherlight.simulator.control import Control, ControlServer
from tetherlight.simulator.pace import FAST_SIZE, SLOW_SIZE, default_size
from tetherlight.simulator.stage import SceneOutlook, Stage

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.1


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
        if arguments.exit_with_stdin:
            threading.Thread(target=_watch_stdin, args=(ended,), name="stdin", daemon=True).start()
        stage = _stage(arguments)
        if arguments.warm and not _prepare(stage, ended):
            return 0
        simulator = _start(arguments, stage, folder, stack)
        control = arguments.control or folder / "control.sock"
        server = ControlServer(Control(simulator.stage, simulator.cameras), control)
        stack.callback(server.close)
        server.start()
        sys.stdout.write(simulator.announce(control) + "\n")
        sys.stdout.flush()
        ended.wait()
    # Rendering ahead ends with the process: nothing is lost, and one light may take seconds.
    return 0


def _stage(arguments: argparse.Namespace) -> Stage:
    """Set the scenes up, in the size that was asked for or one that this machine renders fast enough."""
    width, height = arguments.width, arguments.height
    if width is None and height is None:
        width, height = default_size()
        if (width, height) != FAST_SIZE:
            _say(f"This machine is slow: pictures have {width} x {height} pixels. --width and --height change that.")
    # One of the two is enough: the sensor is 3 to 2.
    width, height = width or max(height * 3 // 2, 1), height or max(width * 2 // 3, 1)
    return Stage(arguments.cameras, (width, height), arguments.seed)


def _prepare(stage: Stage, ended: threading.Event) -> bool:
    """Render what is not in the cache yet; False when the program is to end meanwhile."""
    if not stage.missing:
        return True
    width, height = stage.size
    _say(f"Rendering the scene (once), {width} x {height} pixels ...")
    prepared: Future[None] = Future()

    def prepare() -> None:
        try:
            stage.prepare()
            prepared.set_result(None)
        except BaseException as error:
            prepared.set_exception(error)
            raise

    threading.Thread(target=prepare, name="stage", daemon=True).start()
    while not ended.is_set():
        with suppress(TimeoutError):
            prepared.result(_LOOK_UP_S)
            return True
    return False


def _say(sentence: str) -> None:
    """Tell whoever looks at the terminal; stdout has the announcement only."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _start(arguments: argparse.Namespace, stage: Stage, folder: Path, stack: ExitStack) -> Simulator:
    """Build and plug in the cameras; the stack takes everything down again."""
    choices = Choices(stage.size, arguments.fps, arguments.bandwidth, folder, tuple(arguments.ports))
    cameras = []
    for index in range(arguments.cameras):
        outlook = SceneOutlook(stage.scene(index))
        camera = build(_vendor(arguments.vendor, index), index + 1, outlook, choices)
        stack.callback(camera.close)
        cameras.append(camera)
        camera.responder.plug()
    return Simulator(stage, cameras)


def _vendor(choice: str, index: int) -> str:
    return ("canon", "nikon")[index % 2] if choice == "both" else choice


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tetherlight simulate", description="Simulated cameras in front of a lit scene."
    )
    parser.add_argument("--cameras", type=_positive, default=1, help="how many cameras")
    parser.add_argument(
        "--vendor", choices=("canon", "nikon", "both"), default="canon", help="whose cameras; both: in turn"
    )
    parser.add_argument("--control", type=Path, help="path of the control socket (default: in a new private folder)")
    usual, slow = ("{} x {}".format(*size) for size in (FAST_SIZE, SLOW_SIZE))
    parser.add_argument(
        "--width", type=_positive, help=f"width of a capture in pixels (default: {usual}, on a slow machine {slow})"
    )
    parser.add_argument("--height", type=_positive, help="height of a capture in pixels")
    parser.add_argument(
        "--ports",
        type=_ports,
        default=(),
        help="TCP ports with commas between, two for each camera (default: any)",
    )
    parser.add_argument("--fps", type=_rate, default=30.0, help="viewfinder frames per second")
    parser.add_argument("--bandwidth", type=_rate, default=USB2_BYTES_PER_S, help="bytes per second to the computer")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sensor's noise")
    parser.add_argument("--no-warm", dest="warm", action="store_false", help="render lights only when they are needed")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin is closed")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    return parser
