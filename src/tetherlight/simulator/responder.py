"""A simulated camera on the network: its ports, its one client, and the faults on the wire.

The camera owns several TCP ports and listens on one of them at a time, as a USB camera changes its address when it is
plugged in again. All its ports stay reserved in between.
"""

import itertools
import logging
import socket
import threading
from collections.abc import Callable, Sequence

from tetherlight.simulator import ptpip
from tetherlight.simulator.faults import CONNECT, FaultBox
from tetherlight.simulator.port import Port
from tetherlight.simulator.ptpip import Connection, Disconnected, Greeting, Link, Packet
from tetherlight.simulator.session import Session
from tetherlight.simulator.standard import StandardCamera

logger = logging.getLogger(__name__)

_GREETING_S = 10.0
_HANDOVER_S = 0.5
_GUID = bytes.fromhex("7e7e1161000000000000000000000000")


class Responder:
    """Puts one camera on the network and takes it off; one client at a time."""

    def __init__(self, camera: StandardCamera, *, ports: Sequence[int], bytes_per_s: float) -> None:
        self.camera = camera
        self.faults = FaultBox()
        self.link = Link(bytes_per_s)
        self._ports = [Port(number) for number in ports]
        self._current = 0
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._session: Session | None = None
        self._connections: set[Connection] = set()
        self._threads: list[threading.Thread] = []
        self._plugged = False
        self._powered = True
        self._listening = False
        self._taken = False

    @property
    def addresses(self) -> list[str]:
        """Give all ports on which the camera may appear."""
        return [port.address for port in self._ports]

    @property
    def address(self) -> str:
        """Give the port on which the camera is, or will be when it is plugged in."""
        return self._ports[self._current].address

    @property
    def plugged(self) -> bool:
        """Tell whether the cable is in."""
        return self._plugged

    @property
    def powered(self) -> bool:
        """Tell whether the camera is on."""
        return self._powered

    @property
    def client_connected(self) -> bool:
        """Tell whether a client holds the camera."""
        session = self._session
        return session is not None and not session.ended.is_set()

    @property
    def taken(self) -> bool:
        """Tell whether another program on the network holds the camera."""
        return self._taken

    def take(self) -> None:
        """Let another program on the network take the camera: its client loses it, and new ones are refused."""
        with self._lock:
            self._taken = True
            if self._session is not None:
                self._session.take_down()

    def give_back(self) -> None:
        """Let the other program go."""
        self._taken = False

    def plug(self, *, move: bool = False) -> None:
        """Put the cable in, with `move` on the next port."""
        with self._lock:
            if move and not self._plugged:
                self._current = (self._current + 1) % len(self._ports)
            self._plugged = True
            self._update()

    def unplug(self) -> None:
        """Pull the cable: connections end, new ones are refused."""
        with self._lock:
            self._plugged = False
            self._update()

    def power(self, *, on: bool) -> None:
        """Switch the camera on or off."""
        with self._lock:
            self._powered = on
            self._update()

    def close(self) -> None:
        """Leave the network for good and wait until all threads have ended."""
        self.unplug()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()
        for port in self._ports:
            port.close()

    def _update(self) -> None:
        """Listen when the camera is plugged in and on, and only then."""
        wanted = self._plugged and self._powered
        if wanted and not self._listening:
            self._listening = True
            listener = self._ports[self._current].listen()
            self._spawn("accept", lambda: self._accept(listener))
        elif not wanted and self._listening:
            self._listening = False
            self._ports[self._current].stop()
            if self._session is not None:
                self._session.take_down()
            for connection in self._connections:
                connection.take_down()

    def _spawn(self, what: str, work: Callable[[], None]) -> None:
        name = f"{self.camera.body.identity.name}-{what}"
        thread = threading.Thread(target=work, name=name, daemon=True)
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive() or each.ident is None]
            self._threads.append(thread)
            thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            connection = Connection(stream, self.link)
            with self._lock:
                self._connections.add(connection)
            self._spawn("client", lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: Connection) -> None:
        try:
            connection.set_deadline(_GREETING_S)
            greeting = connection.receive_greeting()
            connection.set_deadline(None)
            if greeting.kind == Packet.INIT_COMMAND_REQUEST:
                self._serve_commands(connection, greeting)
            else:
                self._serve_events(connection, greeting)
        except Disconnected:
            pass
        except Exception:
            logger.exception("a connection failed")
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _serve_commands(self, connection: Connection, greeting: Greeting) -> None:
        fault = self.faults.strike(CONNECT)
        if fault is not None and fault.kind == "hang_handshake":
            connection.receive()
            return
        if fault is not None:
            connection.send(Packet.INIT_FAIL, ptpip.REASON_REJECTED.to_bytes(4, "little"))
            return
        session = self._claim(connection)
        if session is None:
            connection.send(Packet.INIT_FAIL, ptpip.REASON_BUSY.to_bytes(4, "little"))
            return
        logger.info("%s: %s connects", self.camera.body.identity.name, greeting.host)
        try:
            connection.send_ack(session.number, _GUID, self.camera.body.identity.model)
            session.serve()
        finally:
            session.ended.set()

    def _claim(self, connection: Connection) -> Session | None:
        """Make this connection the camera's client, unless another one holds it and does not go at once."""
        previous = self._session
        if previous is not None:
            if previous.given_up:
                previous.take_down()
            # The end of a connection may be seen later than the beginning of the next one.
            previous.ended.wait(_HANDOVER_S)
        with self._lock:
            if self._taken or self.client_connected:
                return None
            self._session = Session(connection, next(self._numbers), self.camera, self.faults)
            return self._session

    def _serve_events(self, connection: Connection, greeting: Greeting) -> None:
        session = self._session
        if session is None or session.ended.is_set() or greeting.number != session.number:
            connection.send(Packet.INIT_FAIL, ptpip.REASON_REJECTED.to_bytes(4, "little"))
            return
        session.events = connection
        connection.send(Packet.INIT_EVENT_ACK)
        while True:
            kind, _ = connection.receive()
            if kind == Packet.PING:
                connection.send(Packet.PONG)
