"""The processes of a benchmark: simulator, server, and helpers that are told what to do in JSON lines."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bench.figures import family

ROOT = Path(__file__).parents[1]
ANSWER_S = 60.0
SERVE = ("-m", "tetherlight", "serve")
STOP_S = 15.0


class Helper:
    """A module of this package in a process of its own; it ends with its stdin."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=ROOT, env=os.environ | dict(environment or {}),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def answer(self, seconds: float = ANSWER_S) -> Any:
        """Wait for the next line that it prints."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise TimeoutError(f"no answer from {self._process.args!r}")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} has ended")
        return json.loads(line)

    def tell(self, verb: str, /, **arguments: Any) -> None:
        """Let it begin something; its answer is fetched later."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"verb": verb, **arguments}).encode() + b"\n")
        self._process.stdin.flush()

    def ask(self, verb: str, /, **arguments: Any) -> Any:
        """Let it do something and return what comes of it."""
        self.tell(verb, **arguments)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def helper(module: str, *arguments: str) -> Iterator[Helper]:
    """Run a helper for a while."""
    running = Helper(module, *arguments)
    try:
        yield running
    finally:
        running.close()


def obey(verbs: Mapping[str, Callable[..., Any]]) -> None:
    """Do in a helper what its stdin tells, until it ends."""
    # libgphoto2 closes descriptor 0 whenever it leaves a network camera.
    with os.fdopen(os.dup(0), "rb") as requests:
        for line in requests:
            arguments = json.loads(line)
            result = verbs[arguments.pop("verb")](**arguments)
            print(json.dumps(result), flush=True)


@dataclass(frozen=True)
class Simulator:
    """A simulator: its process, where it is told what to do, and its cameras' ports."""

    process: Helper
    control_path: str
    cameras: tuple[Mapping[str, Any], ...]
    control_socket: socket.socket

    def port(self, index: int = 0) -> str:
        """Return where a camera is."""
        return str(self.cameras[index]["port"])

    def addresses(self, index: int = 0) -> str:
        """Return every port at which a camera may appear, as the server wants them."""
        return ",".join(self.cameras[index]["addresses"])

    def control(self, op: str, **fields: Any) -> Any:
        """Tell the simulator something."""
        self.control_socket.sendall(json.dumps({"op": op, **fields}).encode() + b"\n")
        with self.control_socket.makefile("rb") as lines:
            answer = json.loads(lines.readline())
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer

    def light_up(self) -> None:
        """Light the scene, so that previews have the size that they have in a studio."""
        directions = {"left": [-0.5, 0.3, 0.8], "right": [0.5, 0.3, 0.8]}
        self.control("define_lights", lights={name: {"direction": where} for name, where in directions.items()})
        self.control("set_lights", lights=dict.fromkeys(directions, True))


@contextlib.contextmanager
def simulator(*arguments: str, cameras: int = 3, warm: bool = False) -> Iterator[Simulator]:
    """Run a simulator for a while; `warm` renders its scene before anything is asked of it."""
    options = ("--exit-with-stdin", *(() if warm else ("--no-warm",)), "--cameras", str(cameras))
    with helper("tetherlight.simulator", *options, *arguments) as process:
        announced = process.answer()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(ANSWER_S)
            control.connect(announced["control"])
            yield Simulator(process, announced["control"], tuple(announced["cameras"]), control)


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def url(self) -> str:
        """Its WebSocket address."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pids(self) -> list[int]:
        """The server's process and its workers."""
        return family(self.process.pid)


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])


@contextlib.contextmanager
def server(
    simulated: Simulator,
    *,
    camera: int = 0,
    wait: bool = True,
    settings: Mapping[str, str] | None = None,
    command: Sequence[str] = SERVE,
) -> Iterator[Server]:
    """Run a server that knows one camera of a simulator; `wait` is until it accepts connections."""
    with tempfile.TemporaryDirectory(prefix="tetherlight-bench-") as folder:
        port = free_port()
        environment = {
            "CAMERAS": simulated.addresses(camera),
            "XDG_STATE_HOME": f"{folder}/state",
            "LIVEVIEW_FRAME_INTERVAL": "0",
            "LOG_LEVEL": "WARNING",
            "MIN_FREE_BYTES": "0",
        }
        process = subprocess.Popen(
            [sys.executable, *command, "--port", str(port)],
            cwd=folder, env=os.environ | environment | dict(settings or {}),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            if wait:
                until_open(port)
            yield Server(port, process, Path(folder))
        finally:
            _stop(process)


def until_open(port: int, seconds: float = 30.0) -> None:
    """Wait until somebody listens on a port."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.005)
        else:
            return


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
