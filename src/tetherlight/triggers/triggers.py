"""The rig's triggers: which line fires which camera, and how several are fired."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from tetherlight.errors import TriggerError, TriggerMissing
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.rigfile.triggers import TriggerTable
from tetherlight.triggers.lines import Fired, Lines, Wired, trigger_failed
from tetherlight.triggers.sync import Held

logger = logging.getLogger(__name__)
SYNC = "Say sync in its table [triggers.NAME] of the rig file, or say trigger 'line'."
SYNC_REMEDY = "Look at the cable; where the contact pulls its line high, say sync_active_low = false."
WIRE = "Name it in a table [triggers.NAME] of the rig file, or say trigger 'software'."


class Triggers:
    """The only owner of the lines that fire cameras."""

    def __init__(self, tables: Mapping[str, TriggerTable], lines: Lines | None) -> None:
        self._tables = dict(tables)
        self._lines = lines
        self._pressing = asyncio.Lock()

    @classmethod
    def open(cls, rig_file: RigFile, *, simulator_control: Path | None = None) -> Self:
        """Take the lines that the rig file names; those that cannot be had now are asked for again at each press."""
        return cls(rig_file.triggers, _lines(rig_file, simulator_control))

    async def close(self) -> None:
        """Let go of the lines."""
        if self._lines is not None:
            await self._lines.close()

    def findings(self) -> Iterator[Finding]:
        """Tell the doctor whether the lines can be driven; nothing where the rig file has none."""
        if not self._tables:
            return
        try:
            lines = self._held()
            lines.take()
        except TriggerError as error:
            remedy = error.hint or "Mend it; the lines are asked for again when cameras are fired."
            yield Finding(check="triggers", level="error", message=error.message, remedy=remedy)
            return
        count = len(self._tables)
        yield Finding(check="triggers", level="ok", message=f"{count} trigger{'s' * (count > 1)} can fire cameras.")
        for name, table in self._tables.items():
            if table.sync is None:
                continue
            if (fault := lines.sync_fault(name, table)) is not None:
                yield Finding(check="sync", level="warning", message=fault, remedy=SYNC_REMEDY)
            else:
                message = f"Sync line {table.sync} of trigger '{name}' is at rest, as with a shutter that is closed."
                yield Finding(check="sync", level="ok", message=message)

    def fires(self, camera_ids: Sequence[str]) -> bool:
        """Tell whether lines fire all of these cameras and no other."""
        try:
            self._of(camera_ids)
        except TriggerError:
            return False
        return True

    def patience(self, camera_ids: Sequence[str]) -> dict[str, float]:
        """Return by camera how many seconds it may take to announce its picture; raise TriggerMissing."""
        found = {camera: table.deadline_s for table in self._of(camera_ids).values() for camera in table.cameras}
        return {camera_id: found[camera_id] for camera_id in camera_ids}

    async def fire(self, cameras: Sequence[Wired]) -> Fired:
        """Press the releases of these cameras at once; raise TriggerMissing or TriggerFailed, with none pressed."""
        tables = self._of([camera.camera_id for camera in cameras])
        lines = self._held()
        async with self._pressing:
            return await lines.fire(tables, cameras)

    def require_sync(self, camera_id: str) -> None:
        """Raise TriggerMissing where no line fires this camera alone, or none tells when its shutter is open."""
        self._synced(camera_id)

    @contextlib.asynccontextmanager
    async def hold(self, camera: Wired) -> AsyncIterator[Held]:
        """Listen to the contact of a camera, whose release can be kept pressed meanwhile.

        Raises TriggerMissing or TriggerFailed; on leaving the release is let go.
        """
        name, table = self._synced(camera.camera_id)
        async with self._pressing, self._held().hold(name, table, camera) as held:
            yield held

    def _synced(self, camera_id: str) -> tuple[str, TriggerTable]:
        ((name, table),) = self._of([camera_id]).items()
        if table.sync is None:
            raise TriggerMissing(f"No line tells when the shutter of camera '{camera_id}' is open.", hint=SYNC)
        return name, table

    def _held(self) -> Lines:
        if self._lines is None:
            raise trigger_failed(list(self._tables), "This system has no GPIO chips that can be driven.")
        return self._lines

    def _of(self, camera_ids: Sequence[str]) -> dict[str, TriggerTable]:
        named = {camera: name for name, table in self._tables.items() for camera in table.cameras}
        for camera_id in camera_ids:
            if camera_id not in named:
                raise TriggerMissing(f"No line fires camera '{camera_id}'.", hint=WIRE)
        tables = {name: self._tables[name] for name in dict.fromkeys(named[one] for one in camera_ids)}
        for name, table in tables.items():
            if others := [one for one in table.cameras if one not in camera_ids]:
                raise TriggerMissing(
                    f"Trigger '{name}' fires camera '{others[0]}', too, which is not among those asked for.",
                    hint="Name all cameras of the line, and open them first (SELECT_CAMERA).",
                )
        return tables


def _lines(rig_file: RigFile, simulator_control: Path | None) -> Lines | None:
    if not rig_file.triggers:
        return None
    if simulator_control is not None:
        from tetherlight.triggers.scene_lines import SceneLines  # noqa: PLC0415 - for simulated rigs alone

        return SceneLines(simulator_control)
    # The bindings exist on Linux only.
    if find_spec("gpiod") is None:
        return None
    from tetherlight.triggers.gpio_lines import GpioLines  # noqa: PLC0415 - loaded where there are such lines

    lines = GpioLines(rig_file.triggers, rig_file.chip)
    try:
        lines.take()
    except TriggerError as error:
        logger.warning("%s It is tried again when cameras are fired.", error.message)
    return lines
