"""The process that holds one camera: `python -m tetherlight.camera.worker DESCRIPTOR PARENT`.

It answers one call after another on a socket and never speaks first. libgphoto2 blocks, cannot be interrupted and may
spin for ever; that is why whoever started this process may kill it at any moment, and why every file it writes is
either whole under its final name or hidden under a temporary one.
"""

import logging
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tetherlight.errors import TetherlightError
from tetherlight.process import wire

if TYPE_CHECKING:
    from tetherlight.camera.worker.driver import Driver

logger = logging.getLogger(__name__)


def main(arguments: list[str]) -> None:
    """Answer calls until the server closes its end."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.INFO)
    wire.die_with_parent(int(arguments[1]))
    wire.close_inherited(int(arguments[0]))
    # Ctrl-C reaches the whole process group; the server decides when the camera is left.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from tetherlight.camera.worker.driver import Driver  # noqa: PLC0415 - only after the parent's death is provided for
    from tetherlight.camera.worker.gphoto import Library  # noqa: PLC0415

    with socket.socket(fileno=int(arguments[0])) as connection:
        driver = Driver(Library())
        try:
            serve(connection, driver)
        finally:
            driver.close()


def serve(connection: socket.socket, driver: "Driver") -> None:
    """Answer each call with the result of the driver's verb of that name, or with the error it raised."""
    verbs: dict[str, Callable[..., Any]] = {
        "open": driver.open,
        "close": driver.close,
        "probe": driver.probe,
        "config": driver.config,
        "entry": driver.entry,
        "set_config": driver.set_config,
        "preview": driver.preview,
        "standby": driver.standby,
        "trigger": driver.trigger,
        "capture": driver.capture,
        "events": driver.events,
        "storage": driver.storage,
        "download": driver.download,
    }
    while (request := wire.receive(connection)) is not None:
        driver.asked()
        header, body = answer(verbs, request)
        wire.send(connection, header, body)


def answer(verbs: Mapping[str, Callable[..., Any]], request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Run one call; an error becomes its code and sentences, which the channel turns into the same class again."""
    try:
        result = verbs[request["call"]](**request["arguments"])
    except TetherlightError as error:
        return {"error": wire.failure(error)}, b""
    except Exception as error:
        logger.exception("The call %s failed", request["call"])
        failure = {"code": "camera_error", "message": f"The camera's driver failed ({type(error).__name__})."}
        return {"error": failure}, b""
    if isinstance(result, tuple) and isinstance(result[-1], bytes):
        return {"result": result[0]}, result[-1]
    return {"result": result}, b""


if __name__ == "__main__":
    main(sys.argv[1:])
