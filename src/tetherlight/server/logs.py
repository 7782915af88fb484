"""How the log looks."""

import logging
import re

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Keeps each message on its line: names that clients send may hold anything."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """Format the line, control characters written out."""
        record.message = CONTROLS.sub(lambda found: repr(found[0])[1:-1], record.message)
        return super().formatMessage(record)


def set_up_logging(level: str) -> None:
    """Log our messages from this level on, to standard error where nobody has arranged for anything else."""
    ours = logging.getLogger("tetherlight")
    ours.setLevel(level)
    if not ours.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(FORMAT))
        ours.addHandler(handler)


def log_everything(level: str) -> None:
    """Log our messages and uvicorn's from this level on, those of other libraries from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in ("tetherlight", "uvicorn"):
        logging.getLogger(name).setLevel(level)
    # Each connection is told in our own words already.
    logging.getLogger("uvicorn.error").addFilter(_not_twice)


def _not_twice(record: logging.LogRecord) -> bool:
    return not (isinstance(record.msg, str) and ("WebSocket %s" in record.msg or record.msg.startswith("connection ")))
