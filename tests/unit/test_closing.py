"""The table of close codes, and who goes by it."""

import ast
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

import tetherlight
from support.served_app import serving
from tetherlight import errors
from tetherlight.protocol.closing import CloseCode, close_code
from tetherlight.protocol.messages import MAX_MESSAGE_BYTES
from tetherlight.protocol.schema import protocol_schema

SOURCES = Path(tetherlight.__file__).parent
SPEAKERS = [
    path for room in ("server", "client", "actions", "protocol") for path in sorted((SOURCES / room).rglob("*.py"))
]  # fmt: skip
COMMON = {CloseCode.NORMAL, CloseCode.GOING_AWAY}
"""Numbers that stand for other things, too."""

every_code = pytest.mark.parametrize("row", CloseCode, ids=lambda row: row.name)


@every_code
def test_a_close_code_says_what_happened(row: CloseCode) -> None:
    """A sentence that fits into a close frame."""
    assert row.sentence.endswith(".")
    assert len(row.sentence.encode()) <= 123


@every_code
def test_a_client_that_may_come_again_is_told_an_error_that_says_so(row: CloseCode) -> None:
    """One table would not agree with the other."""
    assert row.error is None or row.error.retryable == row.again


@every_code
def test_a_number_leads_to_its_row(row: CloseCode) -> None:
    """As it came over the wire."""
    assert close_code(int(row)) is row


def test_a_number_of_a_newer_server_has_no_row() -> None:
    """Nor has any number that is no close code."""
    assert [close_code(number) for number in (4499, 1005, 0)] == [None] * 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Unauthorized(""), 4401),
        (errors.InvalidMessage(""), 4401),
        (errors.Forbidden(""), 4403),
        (errors.TooManyRequests(""), 4429),
    ],
)
def test_who_may_not_come_in_is_told_why(error: errors.TetherlightError, code: int) -> None:
    """By the code that programs know."""
    assert CloseCode.of(error) == code


def test_the_schema_has_the_whole_table() -> None:
    """So has what is made from it."""
    codes = protocol_schema()["definitions"]["CloseCode"]
    assert codes["enum"] == [int(row) for row in CloseCode]
    assert list(codes["x-codes"]) == [row.name for row in CloseCode]


def test_no_close_code_stands_beside_the_table() -> None:
    """A second place would drift away from the first."""
    found = [
        (path.name, node.value)
        for path in SPEAKERS
        if path.name != "closing.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in set(CloseCode) - COMMON
    ]
    assert found == []


def named_in(paths: list[Path]) -> set[str]:
    """The rows that code names."""
    return {
        node.attr
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"CloseCode", "cls"}
    } & set(CloseCode.__members__)


def test_every_row_is_somebody_s() -> None:
    """What the server does not send by itself comes from the transport, from a proxy or from a client."""
    others = {"NORMAL", "GOING_AWAY", "BAD_FRAME", "NO_TEXT", "TOO_LARGE", "FAILED"}
    assert named_in(SPEAKERS) == set(CloseCode.__members__) - others


NO_MASK = bytes(4)
FRAMES = [
    (b"\x83\x80" + NO_MASK, CloseCode.BAD_FRAME),
    (b"\x81\x82" + NO_MASK + b"\xff\xfe", CloseCode.NO_TEXT),
    (b"\x81\xff" + (MAX_MESSAGE_BYTES + 1).to_bytes(8) + NO_MASK, CloseCode.TOO_LARGE),
]


@pytest.mark.parametrize(("frame", "code"), FRAMES, ids=lambda part: getattr(part, "name", ""))
async def test_the_transport_ends_a_connection_with_codes_of_the_table(frame: bytes, code: CloseCode) -> None:
    """Whose frames nobody can read."""
    async with serving() as server, server.connect() as client:
        client.transport.write(frame)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == code
