"""The server as its users start it, as a child process."""

import asyncio
import contextlib
import os
import signal
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from support.free_ports import free_port
from support.patience import stretched
from support.program import DEVNULL, Program, start
from support.turns import listens, until_found
from support.wire_client import ANSWER_S, WireClient

START_S = 60.0
STOP_S = 40.0
ROOT = Path(__file__).parents[2]


class ServerProcess:
    """Run a server while the context lasts, its working folder being `folder`.

    `arguments` are those of `tetherlight`; with `uvicorn=True` it is started by the bare uvicorn command instead. `tls`
    says whom to trust where the arguments make it speak TLS; `output` takes what it prints, instead of the log.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        uvicorn: bool = False,
        tls: ssl.SSLContext | None = None,
        output: IO[bytes] | None = None,
    ) -> None:
        self._tls = tls
        self._output = output
        self.port = free_port()
        self.folder = folder
        self._command = self._uvicorn() if uvicorn else ("tetherlight", "serve", "--port", str(self.port), *arguments)
        settings = {
            "PHOTOMETRIC_CAPTURE_DELAY": "0.02",
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONWARNINGS": "error",
            "PYTHONUNBUFFERED": "1",
            "MIN_FREE_BYTES": "0",
        }
        self._environment = os.environ | settings | dict(environment or {})
        self.log = folder / "server.log"
        self.process: Program | None = None

    def _uvicorn(self) -> tuple[str, ...]:
        place = ("--app-dir", str(ROOT), "--host", "127.0.0.1", "--port", str(self.port))
        return ("uvicorn", "gphoto2-websocket-server:app", *place)

    @property
    def url(self) -> str:
        """The server's HTTP address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self.process is not None
        return self.process.pid

    def client(self, **options: object) -> WireClient:
        """Return a new connection to the server, to be entered."""
        return WireClient(f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}/ws", **options)

    def http(self) -> httpx.AsyncClient:
        """Return a new HTTP client for the server, to be entered."""
        return httpx.AsyncClient(
            base_url=self.url, trust_env=False, timeout=stretched(ANSWER_S), verify=self._tls or False
        )

    async def start(self) -> None:
        """Start the process and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = start(
                *self._command, folder=self.folder, environment=self._environment, stdin=DEVNULL,
                stdout=self._output or log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(stretched(START_S)), self.http() as http:
            while True:
                await self._listening()
                # From here on whoever connects is heard as soon as the server has started.
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get("/health")).status_code == httpx.codes.OK:
                        return

    async def _listening(self) -> None:
        """Wait until something can be connected to; fail where the process ends first."""
        assert self.process is not None

        async def connected() -> bool:
            assert self.process is not None
            assert self.process.returncode is None, self.log.read_text()
            return await listens(self.port)

        await until_found(connected, 600)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit code; fail where it has to be killed."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        try:
            return await asyncio.wait_for(self.process.wait(), stretched(STOP_S))
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise AssertionError(f"the server did not stop: {self.log.read_text()[-4000:]}") from None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            if self.process is not None and self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
