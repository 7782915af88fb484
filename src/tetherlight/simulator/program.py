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

from tetherlight.simulator.camera import Choices, Make, SimulatedCamera, build
from tetherlight.simulator.control import Control
from tetherlight.simulator.control_server import ControlServer
from tetherlight.simulator.options import parser
from tetherlight.simulator.pace import FAST_SIZE, default_size
from tetherlight.simulator.request import Fields
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
    arguments = parser().parse_args(argv)
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
        path = arguments.control or folder / "control.sock"
        control = Control(simulator.stage, simulator.cameras)
        if not _obey(control, simulator.cameras, arguments.do):
            return 2
        server = ControlServer(control, path)
        stack.callback(server.close)
        try:
            server.start()
        except OSError as error:
            _say(f"The control socket {path} cannot be made: {error.strerror or error}. --control takes another place.")
            return 2
        sys.stdout.write(simulator.announce(path) + "\n")
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
    choices = Choices(
        stage.size,
        arguments.fps,
        arguments.bandwidth,
        folder,
        tuple(arguments.ports),
        depth_of_field=arguments.depth_of_field,
    )
    cameras = []
    for index in range(arguments.cameras):
        outlook = SceneOutlook(stage.scene(index))
        camera = build(_make(arguments, index), outlook, choices)
        stack.callback(camera.close)
        cameras.append(camera)
        camera.responder.plug()
    return Simulator(stage, cameras)


def _obey(control: Control, cameras: Sequence[SimulatedCamera], requests: Sequence[Fields]) -> bool:
    """Carry out the requests of the command line, for each camera where none is named; False when one is refused."""
    for request in requests:
        for camera in cameras:
            answer = control.execute({"camera": camera.name, **request})
            if not answer["ok"]:
                sys.stderr.write(f"tetherlight simulate: --do {request['op']}: {answer['error']}\n")
                return False
            if "camera" in request:
                break
    return True


def _make(arguments: argparse.Namespace, index: int) -> Make:
    vendors, serials = arguments.vendor, arguments.serial
    return Make(index + 1, vendors[index % len(vendors)], serials[index % len(serials)], arguments.highest_iso)


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
