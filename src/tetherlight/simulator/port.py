"""A TCP port that a camera may appear on."""

import contextlib
import socket

HOST = "127.0.0.1"


class Port:
    """A TCP port that stays ours whether the camera listens on it or not; 0 is any that is free."""

    def __init__(self, number: int = 0) -> None:
        self._reserve = self._bind(number)
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
