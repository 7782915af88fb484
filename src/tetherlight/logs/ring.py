"""The newest lines of the log in memory, for those who can reach the server but not its machine."""

import logging
import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import quote

from tetherlight.protocol.models import LogLevel
from tetherlight.protocol.server import LogLine

KEPT = 1000
"""Lines; older ones are forgotten."""

MAX_CHARACTERS = 4000
"""Of one line with its traceback; what is longer loses its middle, since a traceback says at its end what happened."""

KEPT_HEAD = 1000
MAX_SEARCHED = 64_000
"""Characters of a message that are looked through; secrets in the middle of a longer one are left out with it."""

HIDDEN = "***"

_LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)
_LEAST = tuple((name, logging.getLevelNamesMapping()[name]) for name in reversed(_LEVELS))
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS_IN_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_SECRETS = re.compile(
    r"""(?ix)
    (  (?:token|password|secret) \\?["']? \s*[=:]\s* \\?["']?   # in an address, a message, a form or a setting
    |  \bbearer\s+ | authorization\W+basic\s+
    |  tetherlight_session=                                     # the cookie that stands for the token
    )
    [^\s"'&;,<>\\]+
    """
)
_WORDS = ("token", "password", "secret", "bearer", "authorization", "tetherlight_session")
"""One of them is in each secret that `_SECRETS` finds; looking for them takes a tenth of its time."""

SHORT = 1000
"""Characters of a message that is kept as it is and cleaned when it is read: most never are."""


def written_out(text: str) -> str:
    """Return a text on one line, control characters written out: names that clients send may hold anything."""
    return text if text.isprintable() else _CONTROLS.sub(_spelled, text)


def without_secrets(text: str) -> str:
    """Return a text without what looks like a token, a password or a cookie."""
    folded = text.casefold()
    return _SECRETS.sub(rf"\1{HIDDEN}", text) if any(word in folded for word in _WORDS) else text


@dataclass(frozen=True, slots=True)
class _Kept:
    created: float
    levelno: int
    logger: str
    text: str


class LogRing(logging.Handler):
    """Keeps the newest records as text, short and without secrets.

    Of other programs' records those below INFO are left out: they hold what went over the wire, frame by frame.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[_Kept] = deque(maxlen=KEPT)
        self._hidden: frozenset[str] = frozenset()

    def hide(self, secret: str) -> None:
        """Never show this text, wherever it stands in a message."""
        self._hidden |= {secret, quote(secret, safe="")}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        if record.levelno < logging.INFO and not record.name.startswith("tetherlight"):
            return
        try:
            text = _text(record)
            if len(text) > SHORT:
                text = self._clean(text)
        except Exception:  # noqa: BLE001 - as in logging itself: a record that cannot be formatted stops nobody
            self.handleError(record)
        else:
            self._kept.append(_Kept(record.created, record.levelno, record.name[:200], text))

    def lines(self, *, level: LogLevel = "DEBUG", limit: int = KEPT) -> list[LogLine]:
        """Return the newest lines of at least this level, oldest first."""
        wanted = _LEVELS[_LEVELS.index(level) :]
        self.acquire()
        try:
            found = [kept for kept in self._kept if _level(kept.levelno) in wanted]
        finally:
            self.release()
        return [self._line(kept) for kept in found[-limit:]]

    def _line(self, kept: _Kept) -> LogLine:
        return LogLine(
            time=datetime.fromtimestamp(kept.created, UTC),
            level=_level(kept.levelno),
            logger=kept.logger,
            message=self._clean(kept.text),
        )

    def _clean(self, text: str) -> str:
        """Take out secrets, the middle of what is too long, and what JSON cannot carry."""
        text = _without_middle(text, MAX_SEARCHED, MAX_SEARCHED // 2)
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN)
        text = _without_middle(without_secrets(text), MAX_CHARACTERS, KEPT_HEAD)
        return text.encode("utf-8", "replace").decode("utf-8")


def _text(record: logging.LogRecord) -> str:
    text = written_out(record.getMessage())
    if record.exc_info:
        traceback = record.exc_text or logging.Formatter().formatException(record.exc_info)
        text = f"{text}\n{_CONTROLS_IN_LINES.sub(_spelled, traceback)}"
    return text


def _spelled(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


def _without_middle(text: str, most: int, head: int) -> str:
    if len(text) <= most:
        return text
    mark = f" [{len(text) - most} characters left out] "
    return text[:head] + mark + text[head + len(mark) - most :]


def _level(number: int) -> LogLevel:
    """Return the name of a level, of the next lower one where it has none."""
    return next((name for name, least in _LEAST if number >= least), "DEBUG")
