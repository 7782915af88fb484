"""What a request on the control socket may hold, and how it is refused."""

import math
from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, Any]
Answer = dict[str, Any]


class Refused(Exception):
    """A request cannot be done; the text says why."""


def table(fields: Fields, key: str) -> dict[str, Any]:
    """Give an object."""
    value = fields.get(key)
    if not isinstance(value, dict):
        raise Refused(f"{key} must be an object.")
    return value


def number(fields: Fields, key: str, default: float | None = None) -> float:
    """Give a number, 0 or more."""
    value = fields.get(key)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise Refused(f"{key} must be a number, 0 or more.")
    return value


def positive(fields: Fields, key: str) -> float:
    """Give a number greater than 0."""
    value = number(fields, key)
    if not value:
        raise Refused(f"{key} must be greater than 0.")
    return value


def flag(fields: Fields, key: str, *, default: bool | None = None) -> bool:
    """Give true or false."""
    value = fields.get(key, default)
    if not isinstance(value, bool):
        raise Refused(f"{key} must be true or false.")
    return value
