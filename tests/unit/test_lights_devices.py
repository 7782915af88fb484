"""Lamps behind devices of their own: Shelly and Tasmota over HTTP, WLED over UDP, and the kernel's PWM."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from support.lamp_devices import Device, device, strip
from support.patience import stretched
from tetherlight.errors import InvalidPayload, InvalidSetting, LampFailed
from tetherlight.lights import http as http_lamps
from tetherlight.lights.drivers import wled
from tetherlight.lights.drivers.wled import dnrgb
from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

Open = Callable[..., Awaitable[Lights]]
KINDS = {"gen1": ("shelly", 0), "gen2": ("shelly", 0), "tasmota": ("tasmota", 1)}
every_kind = pytest.mark.parametrize("kind", list(KINDS))


@pytest.fixture
async def served() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def opened(tmp_path: Path, served: AsyncExitStack) -> AsyncIterator[Open]:
    """Opens lights that are closed before their devices end."""
    assert served is not None
    found: list[Lights] = []

    async def open_lights(text: str) -> Lights:
        found.append(await Lights.open(RigFile.parse(text, tmp_path / "rig.toml")))
        return found[0]

    yield open_lights
    for lights in found:
        await lights.close()


def rig(kind: str, one: Device, *, dims: bool = False, more: str = "") -> str:
    driver, number = KINDS[kind]
    where = f"127.0.0.1:{one.port}/{'light/' if dims else ''}{number}"
    return f'driver = "{driver}"\n[lights]\na = {{ address = "{where}" }}\n{more}'


def states(one: Device) -> dict[str, bool]:
    return {"on": one.on}


async def heard(lights: Lights, matches: Callable[[], bool]) -> None:
    """Wait until a change of the lights makes something so."""
    news = asyncio.Event()
    lights.listen(news.set)
    async with asyncio.timeout(stretched(30)):
        while not matches():
            news.clear()
            await news.wait()


@every_kind
async def test_a_relay_is_off_at_the_start_follows_and_is_off_at_the_end(
    kind: str, opened: Open, served: AsyncExitStack
) -> None:
    one = await served.enter_async_context(device(kind))
    lights = await opened(rig(kind, one))
    assert (one.on, lights.light("a").fault, lights.light("a").dims) == (False, None, False)
    await lights.set({"a": True})
    assert states(one) == {"on": True}
    with pytest.raises(InvalidPayload, match="cannot be dimmed"):
        await lights.set({"a": 0.5})
    await asyncio.to_thread(lights._rack.off_now)
    assert states(one) == {"on": False}
    await lights.set({"a": True})
    await lights.close()
    assert (one.on, one.went_off) == (False, 0)


@every_kind
async def test_a_dimmer_has_levels(kind: str, opened: Open, served: AsyncExitStack) -> None:
    one = await served.enter_async_context(device(kind, dims=True))
    lights = await opened(rig(kind, one, dims=True))
    await lights.set({"a": 0.4})
    assert (one.on, one.brightness, lights.light("a").dims) == (True, 40, True)
    await lights.set({"a": 0.001})
    assert one.brightness == 1


async def test_a_relay_is_kept_on_while_the_server_lives_and_goes_off_after(
    opened: Open, served: AsyncExitStack
) -> None:
    one = await served.enter_async_context(device("gen1"))
    lights = await opened(rig("gen1", one, more="[drivers.shelly]\nwatchdog_s = 3"))
    await lights.set({"a": True})
    asked = len(one.asked)
    await one.until(lambda: len(one.asked) > asked + 3)
    assert (one.on, one.went_off) == (True, 0)
    assert one.asked[-1] == "/relay/0?turn=on&timer=3"
    await lights._rack._driver._end_keeper()  # type: ignore[attr-defined]
    await one.until(lambda: one.went_off > 0)
    assert not one.on


@every_kind
async def test_a_device_that_does_something_else_is_told(kind: str, opened: Open, served: AsyncExitStack) -> None:
    one = await served.enter_async_context(device(kind))
    lights = await opened(rig(kind, one))
    one.stuck = True
    with pytest.raises(LampFailed, match=r"light 'a'. Its device says that it is off"):
        await lights.set({"a": True})
    one.stuck, one.status = False, 401
    with pytest.raises(LampFailed, match="wants a password"):
        await lights.set({"a": True})
    one.status = 500
    with pytest.raises(LampFailed, match="HTTP status 500"):
        await lights.set({"a": True})
    one.status = 200
    await lights.set({"a": True})


async def test_a_device_that_is_silent_is_lost_and_found_again_off(
    opened: Open, served: AsyncExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It holds no other one up, and nobody learns its address."""
    caplog.set_level("DEBUG", "httpx")
    monkeypatch.setattr(http_lamps, "SEEK_S", 0.03)
    one, other = [await served.enter_async_context(device("gen1")) for _ in range(2)]
    lights = await opened(rig("gen1", one, more=f'b = {{ address = "127.0.0.1:{other.port}/0" }}'))
    await lights.set({"a": True, "b": True})
    one.silent = True
    with pytest.raises(LampFailed, match=f"light 'a'. {http_lamps.SILENT}"):
        await lights.set({"a": False, "b": False})
    assert (other.on, lights.states["a"]) == (False, True)
    one.silent = False
    await heard(lights, lambda: lights.light("a").fault is None)
    assert (one.on, lights.states["a"]) == (False, False)
    assert "127.0.0.1" not in lights.status().model_dump_json()
    assert str(one.port) not in caplog.text


@pytest.mark.parametrize("kind", ["gen1", "gen2"])
async def test_a_password_of_a_device_comes_from_a_file(
    kind: str, opened: Open, tmp_path: Path, served: AsyncExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    one = await served.enter_async_context(device(kind))
    one.password = "let me in"
    (tmp_path / "secret").write_text("let me in\n")
    lights = await opened(rig(kind, one, more=f'[drivers.shelly]\npassword_file = "{tmp_path / "secret"}"'))
    await lights.set({"a": True})
    assert one.on
    assert await asyncio.to_thread(lights._rack.off_now) == frozenset()
    assert not one.on
    one.password = "another one"
    with pytest.raises(LampFailed, match="wants a password that the rig file does not give"):
        await lights.set({"a": True})
    assert "let me in" not in caplog.text + " ".join(one.asked)


async def test_a_password_file_that_cannot_be_read_is_told(opened: Open, served: AsyncExitStack) -> None:
    one = await served.enter_async_context(device("gen1"))
    with pytest.raises(InvalidSetting, match=r"password_file of drivers.shelly in the rig file cannot be read"):
        await opened(rig("gen1", one, more='[drivers.shelly]\npassword_file = "/nowhere"'))


@pytest.mark.parametrize("address", ["10.0.0.9", "/0", "10.0.0.9/x", "10.0.0.9/lamp/0"])
async def test_an_address_of_no_device_is_told(address: str, opened: Open) -> None:
    lights = await opened(f'driver = "shelly"\n[lights]\na = {{ address = "{address}" }}')
    assert "no HOST/NUMBER" in (lights.light("a").fault or "")


def test_a_datagram_of_wled_is_what_its_protocol_says() -> None:
    assert dnrgb(300, bytes([1, 2, 3]), 2) == bytes([4, 2, 1, 44, 1, 2, 3])


def wled_rig(one: Any, lights: str) -> str:
    return f'driver = "wled"\n[lights]\n{lights}\n[drivers.wled]\nport = {one.udp_port}\nwatchdog_s = 1'


async def test_leds_of_a_strip_are_lights(opened: Open, served: AsyncExitStack) -> None:
    one = await served.enter_async_context(strip())
    place = f"127.0.0.1:{one.port}"
    lights = await opened(wled_rig(one, f'a = {{ address = "{place}/0" }}\nb = {{ address = "{place}/2-3" }}'))
    assert not one.on
    await lights.set({"a": 1.0, "b": 0.5})
    white, half = b"\xff" * 3, b"\x80" * 6
    await one.until(lambda: bytes(one.leds[:12]) == white + bytes(3) + half)
    count = len(one.datagrams)
    await one.until(lambda: len(one.datagrams) > count + 4)
    assert one.went_off == 0
    lights.off_now()
    await one.until(lambda: not any(one.leds))


async def test_a_strip_goes_dark_when_it_hears_nothing(opened: Open, served: AsyncExitStack) -> None:
    one = await served.enter_async_context(strip())
    lights = await opened(wled_rig(one, f'a = {{ address = "127.0.0.1:{one.port}/0" }}'))
    await lights.set({"a": True})
    await one.until(lambda: any(one.leds))
    await lights._rack._driver._end_tasks()  # type: ignore[attr-defined]
    await one.until(lambda: one.went_off > 0)
    assert not any(one.leds)


async def test_a_strip_that_is_too_short_or_gone_is_told(
    opened: Open, served: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wled, "SEEK_S", 0.03)
    one = await served.enter_async_context(strip())
    lights = await opened(wled_rig(one, f'a = {{ address = "127.0.0.1:{one.port}/30" }}'))
    with pytest.raises(LampFailed, match=r"light 'a'. Its strip has 30 LEDs, and the rig file names LED 30"):
        await lights.set({"a": True})
    one.silent = True
    await heard(lights, lambda: lights.light("a").fault == wled.SILENT)


async def test_leds_that_two_lights_have_are_told(opened: Open, served: AsyncExitStack) -> None:
    one = await served.enter_async_context(strip())
    place = f"127.0.0.1:{one.port}"
    lights = await opened(wled_rig(one, f'a = {{ address = "{place}/0-4" }}\nb = {{ address = "{place}/4-5" }}'))
    assert lights.light("b").fault == "In the rig file light 'a' has some of its LEDs, too."
    assert lights.light("a").fault is None


async def test_a_strip_that_takes_no_live_data_is_told_and_used_when_that_is_mended(
    opened: Open, served: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its settings say whether it takes them; and somebody may override them for a while."""
    monkeypatch.setattr(wled, "SEEK_S", 0.03)
    monkeypatch.setattr(wled, "LIVE_S", 0.01)
    one = await served.enter_async_context(strip())
    one.receives, one.override = False, 2
    lights = await opened(wled_rig(one, f'a = {{ address = "127.0.0.1:{one.port}/0" }}'))
    with pytest.raises(LampFailed, match=f"light 'a'. {wled.DEAF}"):
        await lights.set({"a": True})
    one.receives = True
    await heard(lights, lambda: lights.light("a").fault is None)
    await lights.set({"a": True})
    await one.until(lambda: one.leds[:3] == b"\xff" * 3)
    one.receives = one.live = False
    await heard(lights, lambda: lights.light("a").fault == wled.DEAF)
    assert not lights.states["a"]


async def test_a_strip_that_lost_power_for_a_moment_is_made_off(
    opened: Open, served: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wled, "SEEK_S", 0.03)
    one = await served.enter_async_context(strip())
    lights = await opened(wled_rig(one, f'a = {{ address = "127.0.0.1:{one.port}/0" }}'))
    await lights.set({"a": True})
    one.restart()
    assert any(one.leds)
    await heard(lights, lambda: not lights.states["a"])
    assert not any(one.leds)
    assert (one.on, one.brightness) == (False, 255)


def pwm_rig(root: Path, lights: str) -> str:
    return f'driver = "pwm"\n[lights]\n{lights}\n[drivers.pwm]\nsysfs = "{root}"\nfrequency_hz = 1000'


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A tree as the kernel has it below /sys/class/pwm, its channels exported by somebody before."""
    for channel in ("pwm0", "pwm1"):
        (tmp_path / "pwmchip0" / channel).mkdir(parents=True)
        for name in ("period", "duty_cycle", "enable"):
            (tmp_path / "pwmchip0" / channel / name).write_text("7")
    (tmp_path / "pwmchip0" / "unexport").write_text("")
    return tmp_path


async def test_a_channel_of_the_kernels_pwm_follows_the_level(opened: Open, sysfs: Path) -> None:
    lights = await opened(
        pwm_rig(
            sysfs,
            'a = { address = "pwmchip0/0", gamma = 2.0 }\nb = { address = "pwmchip0/1", active_low = true }\n'
            'c = { address = "pwmchip3/0" }\nd = { address = "somewhere" }',
        )
    )

    def duty(channel: int) -> str:
        return (sysfs / "pwmchip0" / f"pwm{channel}" / "duty_cycle").read_text()

    assert (sysfs / "pwmchip0" / "pwm0" / "period").read_text() == "1000000"
    assert (sysfs / "pwmchip0" / "pwm0" / "enable").read_text() == "1"
    assert (duty(0), duty(1)) == ("0", "1000000")
    await lights.set({"a": 0.25, "b": 0.25})
    assert (duty(0), duty(1)) == ("500000", "750000")
    assert "no such PWM chip" in (lights.light("c").fault or "")
    assert "no CHIP/CHANNEL" in (lights.light("d").fault or "")
    assert lights._rack.holds("a")
    with pytest.raises(LampFailed, match=r"light 'c'. This machine has no such PWM chip"):
        await lights.set({"c": True})
    await lights.close()
    assert (duty(0), duty(1)) == ("0", "1000000")


async def test_a_machine_without_pwm_says_so(opened: Open, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="This system has no hardware PWM"):
        await opened(pwm_rig(tmp_path / "none", 'a = { address = "pwmchip0/0" }'))
