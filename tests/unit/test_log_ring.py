"""The newest lines of the log: bounded, readable, and without secrets."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tetherlight.logs.ring import KEPT, MAX_CHARACTERS, LogRing
from tetherlight.logs.setup import OneLine, log_ring, no_part_of_a_page, set_up_logging

TOKEN = "s3cret/token+value"


@pytest.fixture
def ring() -> Iterator[LogRing]:
    made = LogRing()
    made.hide(TOKEN)
    yield made
    made.close()


def say(ring: LogRing, message: str, *args: Any, level: int = logging.INFO, name: str = "tetherlight.x") -> str:
    """Log a message to the ring alone and give what it kept."""
    ring.handle(logging.LogRecord(name, level, __file__, 1, message, args, None))
    return ring.lines()[-1].message


def test_the_newest_lines_are_kept_oldest_first(ring: LogRing) -> None:
    for number in range(KEPT + 50):
        say(ring, "line %d", number)
    kept = [line.message for line in ring.lines()]
    assert kept == [f"line {number}" for number in range(50, KEPT + 50)]
    assert [line.message for line in ring.lines(limit=2)] == kept[-2:]


def test_less_important_lines_are_left_out(ring: LogRing) -> None:
    levels = (logging.DEBUG, 15, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL, 55)
    for level in levels:
        say(ring, "x", level=level)
    assert [line.level for line in ring.lines()] == [
        "DEBUG", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "CRITICAL"
    ]  # fmt: skip
    assert [line.level for line in ring.lines(level="ERROR")] == ["ERROR", "CRITICAL", "CRITICAL"]
    assert [line.level for line in ring.lines(level="WARNING", limit=1)] == ["CRITICAL"]


def test_a_traceback_stands_behind_its_message(ring: LogRing) -> None:
    with pytest.raises(ValueError, match="a") as caught:
        int("a\x1bb")
    found = (caught.type, caught.value, caught.tb)
    ring.handle(logging.LogRecord("tetherlight.x", logging.ERROR, __file__, 1, "it broke", (), found))
    (line,) = ring.lines()
    assert line.message.startswith("it broke\nTraceback (most recent call last):\n")
    assert "\nValueError: invalid literal for int()" in line.message
    assert "\x1b" not in line.message


def test_a_huge_message_loses_its_middle(ring: LogRing) -> None:
    """What is kept does not grow with what clients send."""
    kept = say(ring, "begin %s end", "x" * 10_000_000)
    assert len(kept) == MAX_CHARACTERS
    assert kept.startswith("begin x")
    assert kept.endswith("x end")
    assert "characters left out" in kept


def test_a_message_stays_on_its_line_and_can_be_sent(ring: LogRing) -> None:
    """Names that clients send may hold anything."""
    kept = say(ring, "name %s", "a\nERROR forged\x1b[31m\udcff")
    assert kept == "name a\\nERROR forged\\x1b[31m?"
    json.dumps(kept).encode()


@pytest.mark.parametrize(
    "message",
    [
        f"token is {TOKEN}",
        "GET /images/x?token=s3cret%2Ftoken%2Bvalue HTTP/1.1",
        "GET /images/x?a=b&token=other-s3cret&c=d HTTP/1.1",
        "GET /?api_token=other-s3cret HTTP/1.1",
        "login#token=other-s3cret",
        """< TEXT '{"action":"AUTH","payload":{"token": "other-s3cret"}}'""",
        """{\\"token\\":\\"other-s3cret\\"}""",
        "Authorization: Bearer other-s3cret",
        "authorization: Basic other-s3cret",
        "cookie: a=b; tetherlight_session=1793000000.other-s3cret; c=d",
        "API_TOKEN=other-s3cret",
        "password: other-s3cret",
        "x" * 100_000 + TOKEN + "x" * 100_000,
    ],
)
def test_secrets_are_never_kept(ring: LogRing, message: str) -> None:
    assert "s3cret" not in say(ring, message.replace("%", "%%"))


def test_words_that_are_no_secrets_stay(ring: LogRing) -> None:
    for message in ("The token lasts only for this run, since x", "basic settings", "c1 AUTH id=1 0.1 ms ok"):
        assert say(ring, message) == message


def test_what_goes_over_the_wire_is_not_kept(ring: LogRing) -> None:
    """Libraries tell it at DEBUG; it would push everything else out."""
    say(ring, "kept")
    say(ring, "< TEXT ...", level=logging.DEBUG, name="uvicorn.error")
    assert [line.message for line in ring.lines()] == ["kept"]


def test_a_record_that_cannot_be_formatted_stops_nobody(ring: LogRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    ring.handle(logging.LogRecord("x", logging.ERROR, __file__, 1, "%d", ("no number",), None))
    assert ring.lines() == []


@contextmanager
def untouched_logging() -> Iterator[None]:
    """Take away what hangs in logging, and put it back."""
    places = [logging.getLogger(name) for name in ("", "tetherlight", "uvicorn", "uvicorn.access")]
    before = [(place, place.handlers, place.level, place.propagate) for place in places]
    for place in places:
        place.handlers, place.propagate = [], True
    try:
        yield
    finally:
        for place, handlers, level, propagate in before:
            place.handlers, place.propagate = handlers, propagate
            place.setLevel(level)


def test_under_a_bare_uvicorn_each_line_is_kept_once() -> None:
    """Uvicorn keeps its own loggers from the root, which stays without a handler."""
    names = ("tetherlight.rig.rig", "uvicorn.error", "uvicorn.access")
    with untouched_logging():
        for name in ("uvicorn", "uvicorn.access"):
            logging.getLogger(name).addHandler(logging.NullHandler())
            logging.getLogger(name).propagate = False
            logging.getLogger(name).setLevel("INFO")
        for _ in range(2):
            set_up_logging("INFO", secret=TOKEN)
        ring = log_ring()
        assert ring is not None
        assert logging.getLogger().handlers == []
        for name in names:
            logging.getLogger(name).info("from %s with %s", name, TOKEN)
    assert [line.message for line in ring.lines()] == [f"from {name} with ***" for name in names]


def test_where_the_root_has_a_handler_everything_is_kept_once() -> None:
    """As under `tetherlight serve`."""
    names = ["tetherlight.rig.rig", "uvicorn.error", "asyncio"]
    with untouched_logging():
        logging.getLogger().addHandler(logging.NullHandler())
        set_up_logging("INFO")
        ring = log_ring()
        assert ring is not None
        for name in names:
            logging.getLogger(name).warning("from %s", name)
    assert [line.logger for line in ring.lines()] == names


def test_the_log_of_the_process_shows_no_token_in_an_address_either() -> None:
    record = logging.LogRecord("uvicorn.access", logging.INFO, __file__, 1, 'x - "GET /?token=s3cret" 200', (), None)
    assert OneLine("%(message)s").format(record) == 'x - "GET /?token=***" 200'


@pytest.mark.parametrize(
    ("method", "path", "status", "told"),
    [
        ("GET", "/_next/static/chunks/a.js", 200, False),
        ("GET", "/studio/thumbnails/a.jpg?size=320", 304, False),
        ("HEAD", "/icon.svg?icon.1.svg", 200, False),
        ("GET", "/_next/static/chunks/gone.js", 404, True),
        ("GET", "/thumbnails/broken.jpg", 500, True),
        ("GET", "/images/a.jpg", 200, True),
        ("POST", "/login", 303, True),
    ],
)
def test_what_a_page_loads_by_the_dozen_is_told_only_where_it_fails(
    method: str, path: str, status: int, told: bool
) -> None:
    """Uvicorn passes client, method, path, HTTP version and status."""
    args = ("127.0.0.1:5", method, path, "1.1", status)
    record = logging.LogRecord("uvicorn.access", logging.INFO, __file__, 1, '%s - "%s %s HTTP/%s" %d', args, None)
    assert no_part_of_a_page(record) is told
