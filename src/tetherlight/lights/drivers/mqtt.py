"""Lamps on MQTT: relays, plugs and bulbs behind a broker.

Each lamp has a connection of its own, whose last will is the lamp's word for off: when the server dies, the broker
switches the lamps off.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tetherlight.errors import InvalidSetting
from tetherlight.lights.extras import need
from tetherlight.lights.lamps import OFF, LampDriver, LampKind, Levels, Setup, lamp_failed
from tetherlight.lights.mqtt_words import Words, words_of
from tetherlight.rigfile.bridges import MqttTable
from tetherlight.rigfile.lights import RigLight

if TYPE_CHECKING:
    import aiomqtt

logger = logging.getLogger(__name__)

CONNECT_S, ANSWER_S = 4.0, 3.0
SEEK_S = 2.0
AGAIN_S = (1.0, 4.0, 10.0, 15.0, 30.0)
KEEPALIVE_S = 15
"""The broker takes a server that is silent for half as long again as dead."""

BAD_ADDRESS = "In the rig file its address is no KIND:NAME, such as tasmota:plug1, zigbee2mqtt:bulb or topic:lamps/1."
NO_BROKER = "The broker does not answer."
REFUSED = "The broker refuses the username and password of the rig file."
MUTE = "Its lamp has not said that it did so."

Told = Callable[["Lamp"], None]


class Lamp:
    """One lamp and its connection."""

    def __init__(self, words: Words, connect: Callable[[Words], "aiomqtt.Client"], changed: Told) -> None:
        self.words = words
        self.level = OFF
        self._wanted = OFF
        """What it was asked last; `level` also follows whoever else switches it."""
        self.on: bool | None = None
        """What the lamp itself has said last."""
        self.problem: str | None = NO_BROKER
        self._connect = connect
        self._changed = changed
        self._client: aiomqtt.Client | None = None
        self._heard = asyncio.Event()
        self.ready = asyncio.Event()
        """Set once it is known whether there is a broker."""

    async def run(self) -> None:
        """Be connected, off at first, and connect again whenever the broker is lost."""
        import aiomqtt  # noqa: PLC0415 - an extra

        while True:
            try:
                async with self._connect(self.words) as client, self._begun(client):
                    async for message in client.messages:
                        self._hear(bytes(message.payload or b"").decode(errors="replace"))
                problem = NO_BROKER
            except aiomqtt.MqttError as error:
                problem = _why_not(error)
            was, self.problem, self._client, self.on = self.problem, problem, None, None
            self.ready.set()
            if was != problem:
                logger.warning("A lamp on MQTT is lost: %s", problem)
                self._changed(self)
            await asyncio.sleep(SEEK_S)

    @asynccontextmanager
    async def _begun(self, client: "aiomqtt.Client") -> AsyncIterator[None]:
        lost = await self._begin(client)
        again = asyncio.get_running_loop().create_task(self._say_off_again(client)) if lost else None
        try:
            yield
        finally:
            if again is not None:
                again.cancel()
                await asyncio.gather(again, return_exceptions=True)

    async def _say_off_again(self, client: "aiomqtt.Client") -> None:
        """Say off to a lamp that finds its way back to the broker later than we do."""
        for pause in AGAIN_S:
            await asyncio.sleep(pause)
            if self._wanted <= OFF:
                await client.publish(self.words.command, self.words.say(OFF), qos=1)

    async def _begin(self, client: "aiomqtt.Client") -> bool:
        """Be off; say whether the broker had been lost before."""
        if self.words.state is not None:
            await client.subscribe(self.words.state, qos=1)
        self.level = self._wanted = OFF
        await client.publish(self.words.command, self.words.say(OFF), qos=1)
        lost, self.problem, self._client = self.ready.is_set(), None, client
        self.ready.set()
        if lost:
            self._changed(self)
        return lost

    def _hear(self, text: str) -> None:
        on = self.words.read(text)
        if on is None:
            return
        self.on = on
        self._heard.set()
        if on is not (self.level > OFF):
            self._changed(self)

    async def put(self, level: float) -> str | None:
        """Say the word, and wait until the lamp says that it did so where it says anything; return what is wrong."""
        import aiomqtt  # noqa: PLC0415 - an extra

        client = self._client
        if client is None:
            return self.problem or NO_BROKER
        before, self.level = self.level, level
        self._wanted = level
        try:
            async with asyncio.timeout(ANSWER_S):
                await client.publish(self.words.command, self.words.say(level), qos=1)
                while self.words.state is not None and self.on is not (level > OFF):
                    self._heard.clear()
                    await self._heard.wait()
        except (aiomqtt.MqttError, TimeoutError):
            self.level = before
            return MUTE if self._client is client else NO_BROKER
        return None


class MqttLamps(LampDriver):
    """Lamps at KIND:NAME; see `mqtt_words`."""

    name: ClassVar[str] = "mqtt"
    real: ClassVar[bool] = True
    deadline_s: ClassVar[float] = CONNECT_S + 2

    def __init__(self, table: MqttTable, password: str | None, tls: ssl.SSLContext | None) -> None:
        self._table = table
        self._password = password
        self._tls = tls
        self._lights: dict[str, RigLight] = {}
        self._lamps: dict[str, Lamp] = {}
        self._wrong: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._tell: Callable[[Levels], None] = lambda _: None

    def _connect(self, words: Words) -> "aiomqtt.Client":
        import aiomqtt  # noqa: PLC0415 - an extra

        return self._client(will=aiomqtt.Will(words.command, words.say(OFF), qos=1))

    def _client(self, **options: Any) -> "aiomqtt.Client":
        import aiomqtt  # noqa: PLC0415 - an extra

        host, port = self._table.broker
        return aiomqtt.Client(
            host,
            port,
            username=self._table.username,
            password=self._password,
            tls_context=self._tls,
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_S,
            logger=logger.getChild("library"),
            **options,
        )

    async def greet(self) -> str | None:
        """Log in at the broker and hang up; return what stands against it as a sentence, None where nothing does."""
        import aiomqtt  # noqa: PLC0415 - an extra

        try:
            async with self._client():
                return None
        except aiomqtt.MqttError as error:
            return _why_not(error)

    def can_dim(self, light: str) -> bool:
        """Tell whether the light's kind dims."""
        return light in self._lamps and self._lamps[light].words.dims

    def on_change(self, tell: Callable[[Levels], None]) -> None:
        """Tell when the broker is lost or back, and when somebody else switches a lamp."""
        self._tell = tell

    @property
    def unavailable(self) -> Mapping[str, str]:
        """The lights without a usable address, and all while there is no broker."""
        lost = {name: lamp.problem for name, lamp in self._lamps.items()}
        return self._wrong | {name: problem for name, problem in lost.items() if problem is not None}

    async def define(self, lights: Sequence[RigLight]) -> None:
        """Take these lights, each with a connection, all off."""
        await self._end()
        self._lights = {light.name: light for light in lights}
        self._lamps, self._wrong = {}, {}
        for light in lights:
            words = words_of(light.address)
            if words is None:
                self._wrong[light.name] = BAD_ADDRESS
            else:
                self._lamps[light.name] = Lamp(words, self._connect, self._lamp_changed)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(lamp.run(), name="lamp on mqtt") for lamp in self._lamps.values()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await asyncio.gather(*(lamp.ready.wait() for lamp in self._lamps.values()))

    def _lamp_changed(self, lamp: Lamp) -> None:
        """Tell how a lamp stands: lost and found again it is off, for the broker said so in our name."""
        for name, one in self._lamps.items():
            if one is lamp:
                if lamp.problem is None and lamp.on is not None and lamp.on is not (lamp.level > OFF):
                    lamp.level = 1.0 if lamp.on else OFF
                elif lamp.problem is not None:
                    lamp.level = OFF
                self._tell({name: lamp.level})

    async def switch(self, levels: Levels) -> None:
        """Say each lamp its word, all at once."""
        failed = {name: self._wrong[name] for name in levels if name in self._wrong}
        names = [name for name in levels if name in self._lamps]
        ends = await asyncio.gather(*(self._put(name, levels[name]) for name in names))
        failed |= {name: end for name, end in zip(names, ends, strict=True) if end is not None}
        if failed:
            raise lamp_failed({name: failed[name] for name in levels if name in failed})

    async def _put(self, name: str, level: float) -> str | None:
        return await self._lamps[name].put(self._lights[name].signal(level) if level > OFF else OFF)

    def off_now(self) -> frozenset[str]:
        """Say nothing: when the connections end with the process, the broker says it for us."""
        return frozenset(name for name, lamp in self._lamps.items() if lamp.level > OFF)

    async def close(self) -> None:
        """Hang up; the lamps are off."""
        await self._end()

    async def _end(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _why_not(error: "aiomqtt.MqttError") -> str:
    code = getattr(error, "rc", None)
    return REFUSED if getattr(code, "value", code) in {4, 5, 134, 135} else NO_BROKER


async def broker_problem(setup: Setup) -> str | None:
    """Say what stands against logging in at the broker of the rig file, None where nothing does; no lamp is touched.

    Raises InvalidSetting.
    """
    return await _open(setup).greet()


def _open(setup: Setup) -> MqttLamps:
    need("aiomqtt", MqttLamps.name, "mqtt")
    own = MqttLamps.name in setup.rig.drivers
    bridge = setup.rig.bridges.mqtt
    table = setup.settings(MqttLamps.name, MqttTable) if own or bridge is None else bridge
    password, context = table.password, None
    try:
        if table.password_file is not None:
            password = Path(table.password_file).read_text(encoding="utf-8").partition("\n")[0].strip()
        if table.tls:
            context = ssl.create_default_context(cafile=table.tls_ca)
            if table.tls_cert is not None:
                context.load_cert_chain(table.tls_cert, table.tls_key)
    except (OSError, UnicodeDecodeError):
        raise InvalidSetting("The password_file or the certificates of drivers.mqtt cannot be read.") from None
    return MqttLamps(table, password, context)


KIND = LampKind(MqttLamps.name, _open)
