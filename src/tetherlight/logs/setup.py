"""How the log looks, where it goes, and that its newest lines are kept."""

import logging
from collections.abc import Iterator

from tetherlight.logs.ring import LogRing, without_secrets, written_out
from tetherlight.protocol.routes import THUMBNAIL

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
OURS = "tetherlight"
UVICORNS = ("uvicorn", "uvicorn.access")
PARTS_OF_PAGES = ("/_next/", THUMBNAIL.prefix, "/icon.svg")
"""Paths that a page loads by the dozen."""


class OneLine(logging.Formatter):
    """Keeps each message on its line, and tokens out of it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Format the line, control characters written out."""
        record.message = without_secrets(written_out(record.message))
        return super().formatMessage(record)


def set_up_logging(level: str, *, secret: str | None = None) -> None:
    """Log our messages from this level on, to standard error where nobody has arranged for anything else.

    The newest lines are kept for `log_ring`, the secret never among them.
    """
    ours = logging.getLogger(OURS)
    ours.setLevel(level)
    if not ours.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(FORMAT))
        ours.addHandler(handler)
    ring = log_ring() or _keep_newest()
    if secret is not None:
        ring.hide(secret)


def log_everything(level: str) -> None:
    """Log our messages and uvicorn's from this level on, those of other libraries from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger(OURS).setLevel(level)
    # Below INFO uvicorn tells what goes over the wire, tokens and pictures among it.
    logging.getLogger("uvicorn").setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    # Each connection is told in our own words already.
    logging.getLogger("uvicorn.error").addFilter(_not_twice)
    if level != "DEBUG":
        logging.getLogger("uvicorn.access").addFilter(no_part_of_a_page)
    if log_ring() is None:
        _keep_newest()


def no_part_of_a_page(record: logging.LogRecord) -> bool:
    """Leave out what pages load beside themselves, unless it failed."""
    match record.args:
        case (_, "GET" | "HEAD", str() as path, _, int() as status) if status < 400:
            return not any(part in path for part in PARTS_OF_PAGES)
        case _:
            return True


def log_ring() -> LogRing | None:
    """Return what keeps the newest lines of this process, None where nothing does."""
    handlers = (handler for place in _upwards(logging.getLogger(OURS)) for handler in place.handlers)
    return next((handler for handler in handlers if isinstance(handler, LogRing)), None)


def _keep_newest() -> LogRing:
    """Keep the newest lines: each record passes exactly one of the places where the ring hangs."""
    ring = LogRing()
    root = logging.getLogger()
    # A root that has no handler keeps none: with one, Python would no longer print what nobody handles.
    places = [root] if root.handlers else []
    for name in (OURS, *UVICORNS):
        logger = logging.getLogger(name)
        if not any(place in places for place in _upwards(logger)):
            places.append(logger)
    for place in places:
        place.addHandler(ring)
    return ring


def _upwards(logger: logging.Logger) -> Iterator[logging.Logger]:
    """Give the loggers that a record of this one passes."""
    place: logging.Logger | None = logger
    while place is not None:
        yield place
        place = place.parent if place.propagate else None


def _not_twice(record: logging.LogRecord) -> bool:
    return not (isinstance(record.msg, str) and ("WebSocket %s" in record.msg or record.msg.startswith("connection ")))
