"""A rig file's text without what lets somebody in somewhere, and with it again."""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import tomlkit

SECRETS = frozenset({"password", "token", "secret"})
"""Keys of any table whose values are secret."""
HOOKS = "hooks"
"""What programs run and whom they tell: an address or a word of a command may be all that keeps others out."""
USER = re.compile(r"(?<=://)[^/@]*@")
"""Who one is, in an address."""

Place = tuple[str, ...]


def without_secrets(text: str) -> tuple[str, list[Place]]:
    """Return the text without secrets, comments kept, and the places where something was left out."""
    document = tomlkit.parse(text)
    found = list(_secret_places(document.unwrap(), ()))
    for place in found:
        table, key = _table(document, place), place[-1]
        value = table[key]
        if isinstance(value, str) and key not in SECRETS:
            table[key] = USER.sub("", value)
        else:
            del table[key]
    return tomlkit.dumps(document), found


def with_secrets(text: str, places: Sequence[Place], source: str) -> tuple[str, list[Place]]:
    """Return the text with what `source` has at these places, and the places at which it has nothing."""
    document, former = tomlkit.parse(text), tomlkit.parse(source).unwrap()
    missing: list[Place] = []
    for place in places:
        try:
            value = _table(former, place)[place[-1]]
            _table(document, place)[place[-1]] = value
        except KeyError:
            missing.append(place)
    return tomlkit.dumps(document), missing


def _secret_places(table: MutableMapping[str, Any], place: Place) -> Iterator[Place]:
    for key, value in table.items():
        here = (*place, key)
        if key in SECRETS or place == (HOOKS,) or (isinstance(value, str) and USER.search(value)):
            yield here
        elif isinstance(value, dict):
            yield from _secret_places(value, here)


def _table(document: Any, place: Place) -> Any:
    """Return the table that a place is in; the table of hooks is made where it is missing."""
    for part in place[:-1]:
        if part == HOOKS and part not in document:
            document[part] = {}
        document = document[part]
    return document
