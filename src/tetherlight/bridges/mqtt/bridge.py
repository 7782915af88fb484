"""The bridge itself: it connects, tells, listens, and tries again."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator

import aiomqtt

from tetherlight.actions.inprocess import InProcess
from tetherlight.bridges.bridge import Site
from tetherlight.bridges.identity import Identity
from tetherlight.bridges.mqtt.broker import Trouble, client_of, trouble_of
from tetherlight.bridges.mqtt.commands import Commands, Reader
from tetherlight.bridges.mqtt.names import Topics
from tetherlight.bridges.mqtt.outbox import Outbox
from tetherlight.bridges.mqtt.pictures import Pictures
from tetherlight.bridges.mqtt.states import States
from tetherlight.errors import StartFailed, TetherlightError
from tetherlight.protocol.cameras import GET_CONFIG
from tetherlight.protocol.names import Topic
from tetherlight.protocol.roles import OPERATOR, VIEWER
from tetherlight.protocol.server import SUBSCRIBE
from tetherlight.publisher import Publication
from tetherlight.rigfile.bridges import MqttTable

logger = logging.getLogger(__name__)

FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 60.0
STEADY_S = 30.0
"""Seconds after which a connection counts as one: the next attempt is soon again."""
GOOD_BYE_S = 1.0
WATCHED: tuple[Topic, ...] = ("camera", "config", "lights", "job", "sets", "storage")


@contextlib.asynccontextmanager
async def open_bridge(site: Site) -> AsyncIterator[None]:
    """Tell the broker of the rig file how the rig stands, and do what it asks, while the context lasts."""
    bridges = site.rig.lights.rig_file.bridges
    if bridges.mqtt is None:
        raise StartFailed("The rig file has no table [bridges.mqtt].")
    identity = await asyncio.to_thread(Identity.of, bridges, site.rig.settings.state_dir)
    async with Mqtt(site, bridges.mqtt, identity).running():
        yield


class Mqtt:
    """One broker and what it is told."""

    def __init__(self, site: Site, table: MqttTable, identity: Identity) -> None:
        self._site = site
        self._table = table
        self._identity = identity
        self._topics = Topics(f"{table.topic}/{identity.id}")
        self._outbox = Outbox()
        self._states = States(self._outbox, self._topics, table, identity)
        self._pictures = Pictures(site.rig.store, lambda: self._states.only_camera, self._show)
        self._early: list[Publication] | None = []
        """What is heard before it is known how everything stands; None from then on."""
        self._said = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell and listen while the context lasts."""
        rights = (OPERATOR if self._table.allow_commands else VIEWER).rights
        async with InProcess(self._site.rig, "mqtt", rights, hear=self._hear) as caller:
            await self._begin(caller)
            commands = Commands(Reader(self._topics, self._states), caller, self._tell_result)
            tasks = [
                asyncio.create_task(self._connect(commands), name="mqtt connection"),
                asyncio.create_task(self._read_settings(caller), name="mqtt settings"),
            ]
            if self._table.pictures:
                tasks.append(asyncio.create_task(self._pictures.draw(), name="mqtt pictures"))
            try:
                yield
            finally:
                self._states.close()
                await commands.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin(self, caller: InProcess) -> None:
        """Take how everything stands, and then what happened meanwhile."""
        wanted = {"topics": list(WATCHED), "snapshots": [one for one in WATCHED if one != "sets"]}
        found = (await caller.call(SUBSCRIBE, wanted)).topics
        self._states.begin({name: one.snapshot for name, one in found.items()})
        early, self._early = self._early or [], None
        for publication in early:
            if publication.topic is None or (publication.seq or 0) > found[publication.topic].seq:
                self._hear(publication)

    async def _read_settings(self, caller: InProcess) -> None:
        """Ask for the settings of each camera that is opened: only their changes are told."""
        while True:
            await self._states.opened.wait()
            self._states.opened.clear()
            for camera_id in tuple(self._states.unread):
                with contextlib.suppress(TetherlightError):  # it is gone again, and the next one is told
                    reply = await caller.call(GET_CONFIG, {"camera_id": camera_id})
                    self._states.settings_read(camera_id, reply.root if isinstance(reply.root, list) else [reply.root])

    def _hear(self, publication: Publication) -> None:
        if self._early is not None:
            self._early.append(publication)
            return
        self._states.hear(publication)
        if self._table.pictures:
            self._pictures.hear(publication)

    def _show(self, camera_id: str | None, jpeg: bytes) -> None:
        self._outbox.keep(self._topics.picture, jpeg)
        if camera_id is not None:
            self._outbox.keep(self._topics.camera(camera_id, "picture"), jpeg)

    def _tell_result(self, result: str) -> None:
        self._outbox.tell(self._topics.result, result)

    async def _connect(self, commands: Commands) -> None:
        """Be connected, for ever: after each failure again, later and later."""
        delay, clock = FIRST_DELAY_S, asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await self._connection(commands)
            except Trouble as trouble:
                self._ill(trouble)
            except aiomqtt.MqttError as error:
                self._ill(trouble_of(error))
            if clock() - began > STEADY_S:
                delay = FIRST_DELAY_S
            # Not all rigs of a house at the same moment, when its broker comes back.
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            delay = min(2 * delay, LONGEST_DELAY_S)

    def _ill(self, trouble: Trouble) -> None:
        self._outbox.lose_events()
        self._site.status.ill(trouble.message, trouble.remedy)
        if trouble.message != self._said:
            logger.warning("%s %s", trouble.message, trouble.remedy)
        self._said = trouble.message

    async def _connection(self, commands: Commands) -> None:
        will = aiomqtt.Will(self._topics.availability, "offline", qos=1, retain=True)
        identifier = f"tetherlight-{self._identity.id}"
        client = await client_of(self._table, self._site.rig.settings.mqtt_password, identifier, will=will)
        async with client:
            # Where a connection dies while it is left, the library keeps an error that nobody asks for.
            client._disconnected.add_done_callback(lambda end: end.cancelled() or end.exception())  # noqa: SLF001
            await self._subscribe(client)
            self._said = "The broker is connected."
            logger.info("%s", self._said)
            self._site.status.well(self._said)
            self._outbox.again()
            try:
                await self._exchange(client, commands)
            except asyncio.CancelledError:
                with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                    async with asyncio.timeout(GOOD_BYE_S):
                        await self._good_bye(client)
                raise

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        topics = [f"{self._topics.base}/cameras/+/availability"]
        if self._table.home_assistant:
            topics += [f"{self._table.discovery}/status", f"{self._table.discovery}/device/+/config"]
        if self._table.allow_commands:
            topics += Reader(self._topics, self._states).subscriptions
        await client.subscribe([(topic, 1) for topic in topics])

    async def _exchange(self, client: aiomqtt.Client, commands: Commands) -> None:
        async def publish(topic: str, payload: bytes | str, retain: bool) -> None:
            await client.publish(topic, payload, qos=1, retain=retain)

        await publish(self._topics.availability, "online", True)
        sending = asyncio.create_task(self._outbox.send(publish), name="mqtt outbox")
        reading = asyncio.create_task(self._read(client, commands), name="mqtt inbox")
        try:
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            reading.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)
        for task in (sending, reading):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _read(self, client: aiomqtt.Client, commands: Commands) -> None:
        async for message in client.messages:
            topic, said = message.topic.value, message.payload
            if topic == f"{self._table.discovery}/status":
                if said == b"online":
                    # Home Assistant has started: it has forgotten what is not retained.
                    self._outbox.again()
            elif topic.startswith(f"{self._table.discovery}/device/"):
                self._states.told_before(topic, said)
            elif topic.endswith("/availability"):
                self._look_for_ghosts(topic, said)
            else:
                commands.take(topic, said, retained=message.retain)

    def _look_for_ghosts(self, topic: str, said: bytes) -> None:
        """Take back that a camera is there of which only a run before has told."""
        if said == b"online" and topic not in self._outbox.topics:
            self._outbox.keep(topic, "offline")

    async def _good_bye(self, client: aiomqtt.Client) -> None:
        async def publish(topic: str, payload: bytes | str, retain: bool) -> None:
            await client.publish(topic, payload, qos=1, retain=retain)

        await self._outbox.flush(publish)
        await publish(self._topics.availability, "offline", True)
