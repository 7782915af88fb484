"""The simulator as a child process, for every integration test."""

import asyncio
import json
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from support.patience import stretched
from support.program import PIPE, Program, start

START_S = 150.0
"""The first simulator of a run renders its scene before it is ready."""
STOP_S = 40.0
ANSWER_S = 60.0
WAIT_S = 60.0


class ControlRefusedError(Exception):
    """The simulator refused a control request; the text is its sentence."""


@dataclass(frozen=True)
class CameraAddress:
    """One simulated camera as the simulator announces it."""

    name: str
    model: str
    serial: str
    port: str
    addresses: tuple[str, ...]


class SimulatorProcess:
    """Run `python -m tetherlight.simulator` while the context lasts, with small pictures unless told otherwise.

    `async with SimulatorProcess("--cameras", "2") as simulator: await simulator.control("unplug", camera="camera1")`
    """

    def __init__(self, *arguments: str, width: int = 600, height: int = 400) -> None:
        self._arguments = ("--width", str(width), "--height", str(height), *arguments)
        self._process: Program | None = None
        self._announcements: asyncio.ReadTransport | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._lock = asyncio.Lock()
        self.control_path = ""
        self.cameras: list[CameraAddress] = []

    @property
    def camera(self) -> CameraAddress:
        """Give the first camera."""
        return self.cameras[0]

    @property
    def addresses(self) -> list[str]:
        """Give every port on which a camera may appear, as the server's CAMERAS setting wants them."""
        return [address for camera in self.cameras for address in camera.addresses]

    @property
    def settings(self) -> dict[str, str]:
        """Give the environment with which a server finds these cameras and lights."""
        return {"CAMERAS": ",".join(self.addresses), "SIMULATOR_CONTROL": self.control_path}

    @property
    def pid(self) -> int:
        """Give the process's id."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        arguments = ("--exit-with-stdin", *self._arguments)
        self._process = start("tetherlight.simulator", *arguments, stdin=PIPE, stdout=PIPE)
        try:
            announced = json.loads(await asyncio.wait_for(self._announcement(), stretched(START_S)))
            self.control_path = announced["control"]
            self.cameras = [
                CameraAddress(**{**camera, "addresses": tuple(camera["addresses"])}) for camera in announced["cameras"]
            ]
            self._reader, self._writer = await asyncio.open_unix_connection(self.control_path, limit=1 << 20)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        code = await self._stop()
        if error is None:
            assert code == 0, f"the simulator ended with {code}"

    async def _announcement(self) -> bytes:
        assert self._process is not None
        reader = asyncio.StreamReader()
        self._announcements, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
        )
        return await reader.readline()

    async def refused(self) -> str:
        """Give the sentence with which it ends because of its arguments."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tetherlight.simulator", *self._arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, error = await asyncio.wait_for(process.communicate(), START_S)
        assert process.returncode == 2
        return error.decode()

    async def control(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send one request over the control socket and give its answer; raise ControlRefusedError.

        Requests are answered in order; a long wait beside other requests is what `wait` is for.
        """
        assert self._reader is not None
        assert self._writer is not None
        async with self._lock:
            return await _exchange(self._reader, self._writer, {"op": op, **fields})

    async def control_apart(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send one request over a connection of its own."""
        reader, writer = await asyncio.open_unix_connection(self.control_path, limit=1 << 20)
        try:
            return await _exchange(reader, writer, {"op": op, **fields})
        finally:
            writer.close()
            await writer.wait_closed()

    async def wait(self, event: str, count: int = 1, camera: str | None = None) -> dict[str, Any]:
        """Wait until a camera has done something so often since its start, beside other requests."""
        chosen = {} if camera is None else {"camera": camera}
        return await self.control_apart("wait", event=event, count=count, timeout=stretched(WAIT_S), **chosen)

    async def status(self, camera: str | None = None) -> dict[str, Any]:
        """Give the status of one camera, the first by default."""
        cameras: list[dict[str, Any]] = (await self.control("status"))["cameras"]
        return next(each for each in cameras if camera in {None, each["name"]})

    async def _stop(self) -> int:
        """Close the process's stdin, which ends it, and give its exit code; kill it when it does not end."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()
        process.stdin.close()
        try:
            return await asyncio.wait_for(process.wait(), stretched(STOP_S))
        except TimeoutError:
            process.kill()
            return await process.wait()
        finally:
            if self._announcements is not None:
                self._announcements.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, Any]
) -> dict[str, Any]:
    writer.write(json.dumps(request).encode() + b"\n")
    await writer.drain()
    limit = stretched(ANSWER_S) + float(request.get("timeout", 0))
    answer: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readline(), limit))
    if not answer.pop("ok"):
        raise ControlRefusedError(answer["error"])
    return answer
