"""The transport under a connection: when a peer counts as stuck."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import uvloop
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from support.patience import stretched
from support.tls_certificate import CERTIFICATE, KEY
from tetherlight.server.clients import Clients
from tetherlight.server.link import STALLED_AFTER, Link, keep_receive, websocket_message


class FakeTransport:
    """A transport whose buffer the test fills."""

    def __init__(self) -> None:
        self.buffered = 0
        self.aborted = False
        self.closing = False
        self.written: list[bytes] = []

    def is_closing(self) -> bool:
        """Whether it takes nothing more."""
        return self.closing

    def write(self, data: bytes) -> None:
        """Remember it."""
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        """Bytes that wait."""
        return self.buffered

    def abort(self) -> None:
        """Remember it."""
        self.aborted = True


class FakeProtocol:
    """Has `receive` as a method, as uvicorn's protocols do."""

    def __init__(self) -> None:
        self.transport = FakeTransport()
        self.flow = SimpleNamespace()
        self.conn: SimpleNamespace | None = None

    async def receive(self) -> dict[str, object]:
        """Never called."""
        raise AssertionError


def scope_of(protocol: FakeProtocol) -> dict[str, object]:
    """The scope of a request on a connection that this protocol carries."""
    scope: dict[str, object] = {}
    keep_receive(scope, protocol.receive)
    return scope


def link_to(protocol: FakeProtocol) -> Link:
    """The link of such a connection."""
    return Link(scope_of(protocol))


async def test_a_peer_is_stuck_when_its_buffer_never_shrinks_and_nothing_passes() -> None:
    """Growth by pings is no sign of life; a drained buffer and a passed message are."""
    protocol = FakeProtocol()
    link, transport = link_to(protocol), protocol.transport
    assert not link.stalled(0)
    transport.buffered = 1000
    assert not link.stalled(5)
    transport.buffered = 1006
    assert link.stalled(5 + STALLED_AFTER)
    await link.writable()
    assert not link.stalled(6 + STALLED_AFTER)
    transport.buffered = 900
    assert not link.stalled(100 + STALLED_AFTER)
    transport.buffered = 0
    assert not link.stalled(1000)


def test_only_a_peer_with_something_left_in_its_buffer_is_dropped() -> None:
    """A close frame that was taken is left to arrive."""
    protocol = FakeProtocol()
    link = link_to(protocol)
    link.abort_if_stuck()
    assert not protocol.transport.aborted
    protocol.transport.buffered = 1
    link.abort_if_stuck()
    assert protocol.transport.aborted


async def test_a_response_that_nobody_takes_is_dropped_also_when_it_is_made_whole() -> None:
    """A page is handed over in one piece: its connection then rests, with all of it in the buffer."""
    protocol, clients = FakeProtocol(), Clients(1)
    transport = protocol.transport
    with clients.response(scope_of(protocol)):
        transport.buffered = 1000
    clients.sweep(0)
    transport.buffered = 900
    clients.sweep(STALLED_AFTER)
    clients.sweep(STALLED_AFTER + 1)
    clients.sweep(2 * STALLED_AFTER)
    assert not transport.aborted
    clients.sweep(2 * STALLED_AFTER + 1)
    assert transport.aborted


async def test_a_response_that_moves_is_left_alone_however_full_its_buffer_is() -> None:
    protocol, clients = FakeProtocol(), Clients(1)
    with clients.response(scope_of(protocol)) as link:
        protocol.transport.buffered = 1000
        for round_ in range(10):
            clients.sweep(round_ * STALLED_AFTER)
            link.progress()
    assert not protocol.transport.aborted


async def test_the_next_response_of_a_connection_is_not_taken_for_the_one_before() -> None:
    """What waits in the buffer is the next one's, which moves."""
    protocol, clients = FakeProtocol(), Clients(1)
    with clients.response(scope_of(protocol)):
        protocol.transport.buffered = 1000
    with clients.response(scope_of(protocol)) as link:
        for round_ in range(3):
            clients.sweep(round_ * STALLED_AFTER)
            link.progress()
        protocol.transport.buffered = 0
    protocol.transport.buffered = 1000  # a WebSocket's by now
    clients.sweep(0)
    clients.sweep(10 * STALLED_AFTER)
    assert not protocol.transport.aborted


async def test_without_a_known_server_nothing_is_assumed() -> None:
    """Another ASGI server hides its transport: nothing is stuck, nothing waits."""
    link = Link({})
    await link.writable()
    link.tune()
    link.abort()
    assert not link.stalled(10_000)


def test_a_message_is_written_past_the_server_only_where_nothing_waits_and_the_conversation_is_open() -> None:
    """Else it goes the usual way, and is not even encoded."""
    protocol = FakeProtocol()
    assert not link_to(protocol).write_now(never)
    protocol.conn = SimpleNamespace(state=State.OPEN)
    link, transport = link_to(protocol), protocol.transport
    assert link.write_now(lambda: b"now")
    transport.buffered = 1
    assert not link.write_now(never)
    transport.buffered = 0
    protocol.conn.state = State.CLOSING
    assert not link.write_now(never)
    protocol.conn.state, transport.closing = State.OPEN, True
    assert not link.write_now(never)
    assert transport.written == [b"now"]


async def test_a_message_written_past_the_server_is_a_sign_of_life() -> None:
    """A buffer that looks the same each time has been emptied in between."""
    protocol = FakeProtocol()
    protocol.conn = SimpleNamespace(state=State.OPEN)
    link, transport = link_to(protocol), protocol.transport
    transport.buffered = 1000
    assert not link.stalled(0)
    transport.buffered = 0
    assert link.write_now(lambda: b"frame")
    transport.buffered = 1000
    assert not link.stalled(STALLED_AFTER)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_message_is_framed_as_the_websockets_library_frames_it(size: int) -> None:
    """Every form of its length."""
    data = bytes(size)
    assert websocket_message(data[:5], data[5:]) == Frame(Opcode.BINARY, data).serialize(mask=False)
    assert websocket_message(data, text=True) == Frame(Opcode.TEXT, data).serialize(mask=False)


def never() -> bytes:
    """Is not called."""
    raise AssertionError


class Writing(asyncio.Protocol):
    """What uvicorn's WebSocket protocol does about writing, and nothing else."""

    def __init__(self, made: "asyncio.Future[Writing]") -> None:
        self.writable = asyncio.Event()
        self.writable.set()
        self._made = made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)
        self._made.set_result(self)

    def pause_writing(self) -> None:
        """Called when the buffer is full."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Called when there is room again."""
        self.writable.set()

    async def receive(self) -> dict[str, object]:
        """Never called."""
        raise AssertionError


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_tuned_connection_takes_one_message_after_the_other(
    new_loop: Callable[[], asyncio.AbstractEventLoop], encrypted: bool, tmp_path: Path
) -> None:
    """Whatever their size and number: none of them waits for something else that happens on the connection."""
    (tmp_path / "both.pem").write_text(KEY + CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    trust = ssl.create_default_context(cadata=CERTIFICATE)

    async def converse() -> None:
        loop = asyncio.get_running_loop()
        made: asyncio.Future[Writing] = loop.create_future()
        server = await loop.create_server(lambda: Writing(made), "127.0.0.1", 0, ssl=context if encrypted else None)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust if encrypted else None)
        protocol = await made
        scope: dict[str, object] = {}
        keep_receive(scope, protocol.receive)
        link = Link(scope)
        link.tune()
        for size in (1, 100, 70_000, 1, 300_000, 2, 3):
            await link.writable()
            protocol.transport.write(bytes(size))
            assert len(await reader.readexactly(size)) == size
        await link.writable()
        writer.close()
        await writer.wait_closed()
        protocol.transport.abort()
        server.close()
        await server.wait_closed()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(converse(), stretched(20)))
