"""The transport under a connection: when a peer counts as stuck."""

from types import SimpleNamespace

from tetherlight.server.link import STALLED_AFTER, Link, keep_receive


class FakeTransport:
    """A transport whose buffer the test fills."""

    def __init__(self) -> None:
        self.buffered = 0
        self.aborted = False

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

    async def receive(self) -> dict[str, object]:
        """Never called."""
        raise AssertionError


def link_to(protocol: FakeProtocol) -> Link:
    """The link of a connection that this protocol carries."""
    scope: dict[str, object] = {}
    keep_receive(scope, protocol.receive)
    return Link(scope)


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


async def test_without_a_known_server_nothing_is_assumed() -> None:
    """Another ASGI server hides its transport: nothing is stuck, nothing waits."""
    link = Link({})
    await link.writable()
    link.tune()
    link.abort()
    assert not link.stalled(10_000)
