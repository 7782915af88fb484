"""A simulated camera on the network: its ports, its one client, and the faults on the wire.

The camera owns several TCP ports and listens on one of them at a time, as a USB camera changes its address when it is
plugged in again. All its ports stay reserved in between.
"""

import contextlib
import itertools
import logging
import os
import socket
import threading
from collections.abc import Callable

from tetherlight.simulator import ptpip
from tetherlight.simulator.faults import CONNECT, Fault, FaultBox
from tetherlight.simulator.ptp import Code, Op, Operation, Reply
from tetherlight.simulator.ptpip import Connection, Disconnected, Greeting, Link, Packet
from tetherlight.simulator.standard import StandardCamera

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_HUGE = 0x7FFFFFFF
_GREETING_S = 10.0
_HANDOVER_S = 0.5
_INSIDE = {"no_object", "zero_blob", "crash_blob", "empty_preview"}
_CODES = {"busy": Code.DEVICE_BUSY, "session_busy": Code.DEVICE_BUSY, "store_full": Code.STORE_FULL}
_GUID = bytes.fromhex("7e7e1161000000000000000000000000")


class Session:
    """One client from its handshake to its end."""

    def __init__(self, connection: Connection, number: int, camera: StandardCamera, faults: FaultBox) -> None:
        self.number = number
        self.events: Connection | None = None
        self.ended = threading.Event()
        self.given_up = False
        self._connection = connection
        self._camera = camera
        self._faults = faults

    def serve(self) -> None:
        """Answer operations until the connection is over."""
        self._camera.emit = self._emit
        self._camera.connected()
        try:
            while True:
                self._answer(self._connection.receive_operation())
        except Disconnected:
            pass
        finally:
            self._camera.disconnected()
            self.take_down()
            self.ended.set()

    def take_down(self) -> None:
        """End both connections and all waiting, from any thread."""
        self._camera.interrupt()
        self._connection.take_down()
        if self.events is not None:
            self.events.take_down()

    def _emit(self, code: int, parameter: int) -> None:
        """Send an event to the client; one that does not listen misses it."""
        if self.events is not None:
            with contextlib.suppress(Disconnected):
                self.events.send_event(code, parameter)

    def _answer(self, operation: Operation) -> None:
        fault = self._faults.strike(self._camera.family(operation))
        if fault is None:
            self._send(operation, self._camera.handle(operation))
            return
        logger.info("fault %s strikes operation %#06x", fault.kind, operation.code)
        self._camera.body.happenings.add("fault")
        handler = {
            "close": self._close,
            "rst": self._reset,
            "hang": self._hang,
            "delay": self._delay,
            "garbage": self._garbage,
            "bad_length": self._bad_length,
            "close_mid_payload": self._close_mid_payload,
            "no_data": self._no_data,
            "short_data": self._short_data,
        }.get(fault.kind, self._refuse)
        handler(operation, fault)

    def _send(self, operation: Operation, reply: Reply) -> None:
        if operation.code in {Op.OPEN_SESSION, Op.CLOSE_SESSION}:
            # libgphoto2 leaves its connection open when the session was refused, and never uses it again.
            self.given_up = operation.code == Op.CLOSE_SESSION or reply.code != Code.OK
        if reply.data is not None:
            self._connection.send_data(operation.transaction, reply.data)
        self._connection.send_response(reply.code, operation.transaction, reply.params)

    def _refuse(self, operation: Operation, fault: Fault) -> None:
        if fault.kind in _INSIDE:
            self._send(operation, self._camera.handle(operation, fault.kind))
        else:
            self._send(operation, Reply(_CODES.get(fault.kind, fault.code)))

    def _close(self, _operation: Operation, _fault: Fault) -> None:
        raise Disconnected

    def _reset(self, _operation: Operation, _fault: Fault) -> None:
        self._connection.reset()
        raise Disconnected

    def _hang(self, operation: Operation, fault: Fault) -> None:
        """Give no answer at all, or with `seconds` a late one."""
        if fault.seconds is not None:
            self._delay(operation, fault)

    def _delay(self, operation: Operation, fault: Fault) -> None:
        self._connection.idle(fault.seconds or 0)
        self._send(operation, self._camera.handle(operation))

    def _garbage(self, _operation: Operation, _fault: Fault) -> None:
        self._connection.send_raw(os.urandom(64))

    def _bad_length(self, operation: Operation, _fault: Fault) -> None:
        self._connection.send_raw(
            _HUGE.to_bytes(4, "little")
            + int(Packet.RESPONSE).to_bytes(4, "little")
            + operation.transaction.to_bytes(4, "little")
        )

    def _close_mid_payload(self, operation: Operation, _fault: Fault) -> None:
        data = self._camera.handle(operation).data or bytes(64)
        self._connection.start_data(operation.transaction, len(data))
        head = (len(data) + 12).to_bytes(4, "little") + int(Packet.END_DATA).to_bytes(4, "little")
        self._connection.send_raw(head + operation.transaction.to_bytes(4, "little") + data[: len(data) // 2])
        raise Disconnected

    def _no_data(self, operation: Operation, _fault: Fault) -> None:
        self._connection.send_response(self._camera.handle(operation).code, operation.transaction)

    def _short_data(self, operation: Operation, _fault: Fault) -> None:
        reply = self._camera.handle(operation)
        if reply.data is None:
            self._send(operation, reply)
            return
        self._connection.start_data(operation.transaction, len(reply.data))
        tail = operation.transaction.to_bytes(4, "little") + reply.data[: len(reply.data) // 2]
        self._connection.send(Packet.END_DATA, tail)
        self._connection.send_response(reply.code, operation.transaction, reply.params)


class Port:
    """A TCP port that stays ours whether the camera listens on it or not."""

    def __init__(self) -> None:
        self._reserve = self._bind(0)
        self.number = int(self._reserve.getsockname()[1])
        self._listener: socket.socket | None = None

    @property
    def address(self) -> str:
        """Give libgphoto2's name of the port; the second number is that of the event connection."""
        return f"ptpip:{HOST}:{self.number}:{self.number}"

    def listen(self) -> socket.socket:
        """Begin to accept connections."""
        self._listener = self._bind(self.number)
        self._listener.listen(8)
        return self._listener

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._listener is not None:
            # Closing alone would not wake the thread that accepts.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def close(self) -> None:
        """Give the port back."""
        self.stop()
        self._reserve.close()

    def _bind(self, number: int) -> socket.socket:
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind((HOST, number))
        return stream


class Responder:
    """Puts one camera on the network and takes it off; one client at a time."""

    def __init__(self, camera: StandardCamera, *, ports: int, bytes_per_s: float) -> None:
        self.camera = camera
        self.faults = FaultBox()
        self.link = Link(bytes_per_s)
        self._ports = [Port() for _ in range(ports)]
        self._current = 0
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._session: Session | None = None
        self._connections: set[Connection] = set()
        self._threads: list[threading.Thread] = []
        self._plugged = False
        self._powered = True
        self._listening = False

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
            if self.client_connected:
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
