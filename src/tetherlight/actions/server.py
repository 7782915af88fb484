"""Handlers of the actions on the server itself."""

import asyncio
from functools import cache

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.logs.setup import log_ring
from tetherlight.protocol.cameras import Message, NoPayload
from tetherlight.protocol.messages import PROTOCOL_VERSION, Encoded
from tetherlight.protocol.roles import role_of
from tetherlight.protocol.schema import protocol_schema
from tetherlight.protocol.server import (
    AUTH,
    DESCRIBE,
    DIAGNOSE,
    GET_LOG,
    GET_NEIGHBOURS,
    GET_SERVER_INFO,
    PING,
    SUBSCRIBE,
    Authenticate,
    Description,
    Diagnosis,
    GetLog,
    LogTail,
    Neighbours,
    ServerInfo,
    Subscribe,
    Subscription,
)


async def get_server_info(context: Context, _: NoPayload) -> ServerInfo:
    """Tell what this server is and how it stands."""
    caller = context.caller
    found = await context.rig.info()
    return found.model_copy(
        update={
            "token_needed": found.token_needed or caller.role is not None,
            "role": caller.role or role_of(caller.rights),
            "rights": sorted(caller.rights),
        }
    )


async def describe(_context: Context, _: NoPayload) -> Encoded[Description]:
    """Give the protocol as JSON Schema."""
    return await asyncio.to_thread(_described)


@cache
def _described() -> Encoded[Description]:
    """Make the answer, which is always the same, once: that takes longer than a frame of a live view."""
    found = Description(protocol=PROTOCOL_VERSION, schema=protocol_schema())
    return Encoded(found.model_dump_json(by_alias=True).encode())


async def subscribe(context: Context, payload: Subscribe) -> Subscription:
    """Set the connection's topics and give each as it stands."""
    # Listening begins first: an event with a number up to the snapshot's is already in the snapshot.
    context.caller.topics = frozenset(payload.topics)
    topics = list(dict.fromkeys(payload.topics))
    wanted = topics if payload.snapshots is None else payload.snapshots
    # Together: a topic that the disk has to be asked for keeps no other one waiting.
    found = await asyncio.gather(*(context.rig.topics.snapshot(topic, known=topic in wanted) for topic in topics))
    return Subscription(topics=dict(zip(topics, found, strict=True)))


async def auth(_context: Context, _: Authenticate) -> Message:
    """Say that the connection is in: one that is not never gets here."""
    return Message(message="Authenticated.")


async def ping(_context: Context, _: NoPayload) -> Message:
    """Answer."""
    return Message(message="Pong.")


async def diagnose(context: Context, _: NoPayload) -> Diagnosis:
    """Look for what is wrong."""
    return Diagnosis(findings=await context.rig.diagnose())


async def get_neighbours(context: Context, _: NoPayload) -> Neighbours:
    """List the other rigs that the network tells of."""
    return Neighbours(neighbours=context.rig.neighbours())


async def get_log(_context: Context, payload: GetLog) -> LogTail:
    """Give the newest lines of the log."""
    ring = log_ring()
    return LogTail(lines=[] if ring is None else ring.lines(level=payload.level, limit=payload.limit))


PAIRS: tuple[Pair, ...] = (
    bind(GET_SERVER_INFO, get_server_info),
    bind(DESCRIBE, describe),
    bind(SUBSCRIBE, subscribe),
    bind(AUTH, auth),
    bind(DIAGNOSE, diagnose),
    bind(PING, ping),
    bind(GET_LOG, get_log),
    bind(GET_NEIGHBOURS, get_neighbours),
)
