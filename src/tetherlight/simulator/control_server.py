"""The control socket: requests as JSON lines from any number of connections."""

import contextlib
import json
import logging
import socket
import threading
from pathlib import Path

from tetherlight.simulator.control import Control
from tetherlight.simulator.request import Answer

logger = logging.getLogger(__name__)

_LONGEST_LINE = 1 << 20


class ControlServer:
    """Serves a Control on a Unix stream socket, a thread for each connection."""

    def __init__(self, control: Control, path: Path) -> None:
        self._control = control
        self._path = path
        self._lock = threading.Lock()
        self._streams: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._accepting = threading.Thread(target=self._accept, name="control", daemon=True)

    def start(self) -> None:
        """Begin to listen; only the owner may connect."""
        if self._path.is_socket():
            self._path.unlink()
        self._listener.bind(str(self._path))
        self._path.chmod(0o600)
        self._listener.listen(16)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening, end all connections and remove the socket."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        if self._accepting.ident is not None:
            self._accepting.join()
        self._listener.close()
        with self._lock:
            for stream in self._streams:
                with contextlib.suppress(OSError):
                    stream.shutdown(socket.SHUT_RDWR)
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._streams.add(stream)
            # A connection may be waiting for an event for minutes: it is not waited for at the end.
            threading.Thread(target=self._serve, args=(stream,), name="control-client", daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            with stream.makefile("rb") as lines:
                while line := lines.readline(_LONGEST_LINE):
                    stream.sendall(json.dumps(self._answer(line)).encode() + b"\n")
        except OSError:
            pass
        finally:
            with self._lock:
                self._streams.discard(stream)
            stream.close()

    def _answer(self, line: bytes) -> Answer:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "error": "The line is no JSON."}
        if not isinstance(fields, dict):
            return {"ok": False, "error": "The line is no JSON object."}
        try:
            return self._control.execute(fields)
        except Exception:
            logger.exception("control request failed: %s", fields.get("op"))
            return {"ok": False, "error": "The simulator failed; its log says why."}
