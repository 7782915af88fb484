"""Lines of the simulator: an event on its control socket makes its bodies expose."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tetherlight.errors import TriggerFailed
from tetherlight.rigfile.triggers import TriggerTable
from tetherlight.triggers.lines import Fired, Lines, Wired, half_press_s, trigger_failed
from tetherlight.triggers.sync import Edge, Held

ANSWER_S = 15.0
"""On a busy machine a simulator takes its time; a press that it has heard and not answered was made all the same."""
MOST_BYTES = 1 << 20
LISTEN_S = 5.0
"""Of one question for edges; the answer comes with the first of them."""
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class SceneLines(Lines):
    """Presses the releases of simulated bodies."""

    def __init__(self, control: Path) -> None:
        self._control = control

    def take(self) -> None:
        """Do nothing: the simulator is there for us alone."""

    async def fire(self, triggers: Mapping[str, TriggerTable], cameras: Sequence[Wired]) -> Fired:
        """Let the simulator press them; it says when which shutter opened."""
        ports = [camera.port for camera in cameras]
        try:
            async with asyncio.timeout(ANSWER_S + half_press_s(triggers)):
                reader, writer = await asyncio.open_unix_connection(str(self._control), limit=MOST_BYTES)
                try:
                    if any(one.half_press is not None for one in triggers.values()):
                        await _ask(reader, writer, {"op": "line", "press": "half", "cameras": ports})
                        await asyncio.sleep(half_press_s(triggers))
                    at = time.time()
                    answer = await _ask(reader, writer, {"op": "line", "press": "full", "cameras": ports})
                finally:
                    writer.close()
        except (OSError, ValueError) as error:  # a time-out is an OSError
            cause = str(error) if isinstance(error, _Refused) else f"The simulator does not answer ({_reason(error)})."
            raise trigger_failed(list(triggers), cause) from error
        opened = answer.get("opened", {}).values()
        return Fired(at, max(opened, default=0.0) - min(opened, default=0.0))

    @contextlib.asynccontextmanager
    async def hold(self, name: str, trigger: TriggerTable, camera: Wired) -> AsyncIterator[Held]:
        """Listen to a simulated contact."""
        try:
            commands = await asyncio.open_unix_connection(str(self._control), limit=MOST_BYTES)
        except OSError as error:
            raise trigger_failed([name], f"The simulator does not answer ({_reason(error)}).") from error
        held = _SceneHeld(name, trigger, camera.port, commands)
        listening: asyncio.Task[None] | None = None
        try:
            known = (await held.ask({"op": "sync", "camera": camera.port}))["count"]
            listening = asyncio.create_task(held.listen(self._control, known), name="simulated sync contact")
            yield held
        finally:
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            with contextlib.suppress(TriggerFailed):
                await held.let_go()
            commands[1].close()

    async def close(self) -> None:
        """Do nothing: nothing is held."""


class _SceneHeld(Held):
    def __init__(self, name: str, trigger: TriggerTable, port: str, commands: _Streams) -> None:
        super().__init__()
        self._name = name
        self._trigger = trigger
        self._port = port
        self._commands = commands
        self._pressed = False

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await _ask(*self._commands, request)
        except (OSError, ValueError) as error:
            cause = str(error) if isinstance(error, _Refused) else f"The simulator does not answer ({_reason(error)})."
            raise trigger_failed([self._name], cause) from error

    async def listen(self, control: Path, known: int) -> None:
        """Hear every edge after the one of this number."""
        reader, writer = await asyncio.open_unix_connection(str(control), limit=MOST_BYTES)
        try:
            while True:
                request = {"op": "sync", "camera": self._port, "after": known, "timeout": LISTEN_S}
                for edge in (await _ask(reader, writer, request))["edges"]:
                    known = edge["number"]
                    self.hear(Edge(edge["at"], edge["closed"]))
        finally:
            writer.close()

    async def press(self) -> None:
        if self._trigger.half_press is not None:
            await self.ask({"op": "line", "press": "half", "cameras": [self._port]})
            await asyncio.sleep(self._trigger.half_press_s)
        self._pressed = True
        await self.ask({"op": "line", "press": "hold", "cameras": [self._port]})

    async def let_go(self) -> None:
        if self._pressed:
            self._pressed = False
            await self.ask({"op": "line", "press": "off", "cameras": [self._port]})


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, TimeoutError):
        return f"within {ANSWER_S:g} s"
    return error.strerror or "its answer was cut off" if isinstance(error, OSError) else "its answer was cut off"


class _Refused(ValueError):
    """The simulator answered that it will not."""


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: dict[str, Any]) -> dict[str, Any]:
    writer.write(json.dumps(request).encode() + b"\n")
    await writer.drain()
    answer = json.loads(await reader.readline())
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        error = answer.get("error") if isinstance(answer, dict) else None
        raise _Refused(str(error or "The simulator refused."))
    return answer
