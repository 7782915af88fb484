"""One client's session with a simulated camera, and the faults that strike its operations."""

import contextlib
import logging
import os
import threading

from tetherlight.simulator.faults import INSIDE, Fault, FaultBox
from tetherlight.simulator.ptp import Code, Op, Operation, Reply
from tetherlight.simulator.ptpip import Connection, Disconnected, Packet
from tetherlight.simulator.standard import StandardCamera

logger = logging.getLogger(__name__)

_HUGE = 0x7FFFFFFF


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
        if fault.kind in INSIDE or self._camera.has_part(fault.kind):
            self._send(operation, self._camera.handle(operation, fault.kind))
        else:
            self._send(operation, Reply(self._camera.refusal(fault.kind) or fault.code))

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
