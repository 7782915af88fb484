"""Lamps on relays and dimmers of Shelly, of the first generation and of those that came after it."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from tetherlight.errors import InvalidSetting
from tetherlight.lights.http import DeviceFailed, HttpLamps, Outlet
from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Setup
from tetherlight.protocol.models import Model


class ShellySettings(Model):
    """The table `drivers.shelly` of the rig file."""

    watchdog_s: float = Field(default=30.0, ge=3, le=3600)
    username: str = "admin"
    password_file: str | None = None


class ShellyLamps(HttpLamps):
    """Lamps at HOST/NUMBER of a relay, or HOST/light/NUMBER of a dimmer."""

    name: ClassVar[str] = "shelly"

    def __init__(self, watchdog_s: float, user: tuple[str, str] | None = None) -> None:
        super().__init__(watchdog_s)
        self._user = user
        self._auths: dict[str, Any] = {}
        self._generations: dict[str, int] = {}

    def auth_of(self, host: str) -> Any:
        """Return the way to tell the password: in the first generation as it is, later as a proof of it."""
        import httpx  # noqa: PLC0415 - see HttpLamps

        if self._user is not None and host not in self._auths:
            kind = httpx.DigestAuth if self._generations.get(host, 1) > 1 else httpx.BasicAuth
            self._auths[host] = kind(*self._user)
        return self._auths.get(host)

    async def _generation(self, host: str) -> int:
        if host not in self._generations:
            told = await self.ask(f"http://{host}/shelly")  # which never wants a password
            self._generations[host] = int(told.get("gen", 1))
            self._auths.pop(host, None)
        return self._generations[host]

    async def put(self, outlet: Outlet, level: float) -> None:
        """Switch an output, which goes off by itself after the watchdog's time."""
        on, percent, seconds = level > OFF, max(1, round(100 * level)), round(self.watchdog_s)
        generation = await self._generation(outlet.host)
        auth = self.auth_of(outlet.host)
        if generation > 1:
            kind = "Light" if outlet.dims else "Switch"
            wanted: dict[str, Any] = {"id": outlet.number, "on": "true" if on else "false"}
            wanted |= ({"toggle_after": seconds} if on else {}) | (
                {"brightness": percent} if on and outlet.dims else {}
            )
            await self.ask(f"http://{outlet.host}/rpc/{kind}.Set", wanted, auth=auth)
            told = await self.ask(f"http://{outlet.host}/rpc/{kind}.GetStatus", {"id": outlet.number}, auth=auth)
            stands = told.get("output")
        else:
            kind = "light" if outlet.dims else "relay"
            wanted = {"turn": "on" if on else "off"}
            wanted |= ({"timer": seconds} if on else {}) | ({"brightness": percent} if on and outlet.dims else {})
            told = await self.ask(f"http://{outlet.host}/{kind}/{outlet.number}", wanted, auth=auth)
            stands = told.get("ison")
        if stands is not on:
            raise DeviceFailed(f"Its device says that it is {'on' if stands else 'off'}.")

    def off_request(self, outlet: Outlet) -> str:
        """Return the URL that switches an output off."""
        if self._generations.get(outlet.host, 1) > 1:
            kind = "Light" if outlet.dims else "Switch"
            return f"http://{outlet.host}/rpc/{kind}.Set?id={outlet.number}&on=false"
        return f"http://{outlet.host}/{'light' if outlet.dims else 'relay'}/{outlet.number}?turn=off"


def _open(setup: Setup) -> LampDriver:
    settings = setup.settings(ShellyLamps.name, ShellySettings)
    if settings.password_file is None:
        return ShellyLamps(settings.watchdog_s)
    try:
        password = Path(settings.password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidSetting("The password_file of drivers.shelly in the rig file cannot be read.") from None
    return ShellyLamps(settings.watchdog_s, (settings.username, password))


KIND = LampKind(ShellyLamps.name, _open)
