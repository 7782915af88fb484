"""A real MQTT broker as a child process; tests that need it are skipped where it is not installed."""

import asyncio
import contextlib
import getpass
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiomqtt
import pytest

from support.free_ports import free_port
from support.patience import stretched
from support.turns import listens, until_found

ANSWER_S = 60.0
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="needs the broker: apt-get install mosquitto")


class Mosquitto:
    """Run mosquitto on a free port of loopback while the context lasts, with its files in `folder`."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        access = () if any("password_file" in line for line in lines) else ("allow_anonymous true",)
        # As root it would change to a user who cannot read these files.
        access = (*access, f"user {getpass.getuser()}")
        settings = (f"listener {self.port} 127.0.0.1", *access, "set_tcp_nodelay true", "persistence false", *lines)
        self._config.write_text("\n".join(settings) + "\n")
        self._log = folder / "mosquitto.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(MOSQUITTO), "-c", str(self._config), stdout=log, stderr=log
            )
        await until_found(self._listens, ANSWER_S)

    async def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self._log.read_text()
        return await listens(self.port)

    async def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), stretched(ANSWER_S))
            self._process = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @contextlib.asynccontextmanager
    async def listening(self, *topics: str) -> "AsyncIterator[Listener]":
        """Hear what is sent to topics, what they retain first."""
        async with aiomqtt.Client("127.0.0.1", self.port, timeout=stretched(ANSWER_S)) as client:
            await client.subscribe([(topic, 1) for topic in topics])
            yield Listener(client)


class Listener:
    """A client of the broker, and all that it has heard."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.heard: list[tuple[str, bytes]] = []

    async def until(self, topic: str, says: Callable[[bytes], bool] = bool) -> bytes:
        """Give the first message of a topic that says something, of those heard already or of those to come."""
        for heard, payload in self.heard:
            if heard == topic and says(payload):
                return payload
        async with asyncio.timeout(stretched(ANSWER_S)):
            async for message in self._client.messages:
                payload = bytes(message.payload or b"")
                self.heard.append((message.topic.value, payload))
                if message.topic.value == topic and says(payload):
                    return payload
        raise AssertionError("the broker hung up")

    def forget(self) -> None:
        """Wait for what comes from now on."""
        self.heard.clear()

    async def send(self, topic: str, payload: str = "", *, retain: bool = False) -> None:
        """Send a message."""
        await self._client.publish(topic, payload, qos=1, retain=retain)
