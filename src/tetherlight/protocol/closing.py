"""How a WebSocket connection ends: the one table of close codes, for the server, every client and the documentation."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Self

from tetherlight.errors import Forbidden, ServerStopping, TetherlightError, TooManyRequests, Unauthorized


class CloseCode(IntEnum):
    """Why a connection ended. A code that is not here is one of a newer server or of a proxy: connect again."""

    sentence: str
    """What happened, for people."""
    again: bool
    """Whether a client should connect again by itself."""
    error: type[TetherlightError] | None
    """What it means for a client that has just come; None where it says nothing about that client."""

    NORMAL = 1000, "The connection was ended in good order.", True
    GOING_AWAY = 1001, "The server, or a proxy before it, goes away.", True
    BAD_FRAME = 1002, "What came was no WebSocket frame.", True
    BROKEN = 1006, "The server does not answer.", True
    NO_TEXT = 1007, "A message was no UTF-8 text.", True
    TOO_LARGE = 1009, "A message was larger than the server reads.", True
    FAILED = 1011, "The server could not go on, or the client answered none of its pings.", True
    STOPPING = 1012, ServerStopping().message, True, ServerStopping
    TOO_MANY = 1013, "The server has as many connections as it takes.", True, TooManyRequests
    UNAUTHORIZED = 4401, "The server asks for its token.", False, Unauthorized
    FORBIDDEN = 4403, "The server does not accept pages from this address.", False, Forbidden
    # Both ask for patience: a client that has just come is the second.
    TOO_SLOW = (
        4429, "The client reads too slowly, or too many wrong tokens came from its address.", True, TooManyRequests,
    )  # fmt: skip

    def __new__(
        cls,
        code: int,
        sentence: str,
        again: bool,
        error: type[TetherlightError] | None = None,
    ) -> Self:
        """Make a row of the table."""
        row = int.__new__(cls, code)
        row._value_ = code
        row.sentence, row.again, row.error = sentence, again, error
        return row

    @classmethod
    def of(cls, error: TetherlightError) -> "CloseCode":
        """Return the code for a client that may not come in; what was no AUTH is a token that was not shown."""
        match error:
            case Forbidden():
                return cls.FORBIDDEN
            case TooManyRequests():
                return cls.TOO_SLOW
            case _:
                return cls.UNAUTHORIZED


_BY_NUMBER: Mapping[int, CloseCode] = MappingProxyType({row.value: row for row in CloseCode})


def close_code(number: int) -> CloseCode | None:
    """Return the row of a number that came over the wire, or None for one that is not in the table."""
    return _BY_NUMBER.get(number)
