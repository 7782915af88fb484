"""Lamps on relays and dimmers with the firmware Tasmota, over HTTP."""

from typing import ClassVar

from pydantic import Field

from tetherlight.lights.http import DeviceFailed, HttpLamps, Outlet
from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Setup
from tetherlight.protocol.models import Model

PULSE_FROM = 100
"""PulseTime counts tenths of a second up to 111, and then seconds from this number on."""


class TasmotaSettings(Model):
    """The table `drivers.tasmota` of the rig file."""

    watchdog_s: float = Field(default=30.0, ge=12, le=3600)


class TasmotaLamps(HttpLamps):
    """Lamps at HOST/NUMBER of a relay, from 1, or HOST/light/NUMBER of a dimmer."""

    name: ClassVar[str] = "tasmota"

    def __init__(self, watchdog_s: float) -> None:
        super().__init__(watchdog_s)
        self._pulsed: set[tuple[str, int]] = set()

    async def _said(self, host: str, command: str) -> dict[str, object]:
        told = await self.ask(f"http://{host}/cm", {"cmnd": command})
        if told.get("Command") in {"Unknown", "Error"} or "WARNING" in told:
            raise DeviceFailed("Its device does not know the command, or wants a password.")
        return told

    async def put(self, outlet: Outlet, level: float) -> None:
        """Switch an output, which goes off by itself after the watchdog's time."""
        on, number = level > OFF, outlet.number
        if (outlet.host, number) not in self._pulsed:
            await self._said(outlet.host, f"PulseTime{number} {PULSE_FROM + round(self.watchdog_s)}")
            self._pulsed.add((outlet.host, number))
        if on and outlet.dims:
            await self._said(outlet.host, f"Dimmer{number} {max(1, round(100 * level))}")
        told = await self._said(outlet.host, f"Power{number} {'On' if on else 'Off'}")
        stands = told.get(f"POWER{number}", told.get("POWER"))
        if stands != ("ON" if on else "OFF"):
            raise DeviceFailed(f"Its device says that it is {str(stands).lower()[:20]}.")

    def off_request(self, outlet: Outlet) -> str:
        """Return the URL that switches an output off."""
        return f"http://{outlet.host}/cm?cmnd=Power{outlet.number}%20Off"


def _open(setup: Setup) -> LampDriver:
    return TasmotaLamps(setup.settings(TasmotaLamps.name, TasmotaSettings).watchdog_s)


KIND = LampKind(TasmotaLamps.name, _open)
