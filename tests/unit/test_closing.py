"""The table of close codes, and who goes by it."""

import ast
from pathlib import Path

import pytest

import tetherlight
from tetherlight import errors
from tetherlight.protocol.closing import CloseCode, close_code
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
