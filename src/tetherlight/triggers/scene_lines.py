"""Lines of the simulator: an event on its control socket makes its bodies expose."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tetherlight.rigfile.triggers import TriggerTable
from tetherlight.triggers.lines import Fired, Lines, Wired, half_press_s, trigger_failed

ANSWER_S = 15.0
"""On a busy machine a simulator takes its time; a press that it has heard and not answered was made all the same."""
MOST_BYTES = 1 << 20


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

    async def close(self) -> None:
        """Do nothing: nothing is held."""


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
