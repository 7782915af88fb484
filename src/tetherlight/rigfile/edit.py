"""Editing the rig file's text so that people find their comments again."""

import contextlib
import fcntl
import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Comment, InlineTable, Item, Key, Table, Whitespace

from tetherlight.protocol.lights import SERVER_ONLY

LightKeys = Mapping[str, Any]
"""The keys of one light that have a value; tuples where the file has arrays."""


def with_lights(text: str, lights: Mapping[str, LightKeys]) -> str:
    """Return the text of a rig file with exactly these lights in this order and all else as it was.

    A light keeps what clients must not write of it.
    """
    document = tomlkit.parse(text)
    former = document.get("lights")
    table = tomlkit.table()
    if isinstance(former, Table):
        leads, rest = _with_leads(former)
    else:
        # Tables that lie apart in the file come as a view of several; their light entries are kept, their order is not.
        items = {str(name): item for name, item in former.items()} if former is not None else {}
        leads, rest = {name: ([], item) for name, item in items.items()}, []
    # Plain keys stand before sub-tables in TOML, so a mixture of both could not keep any order.
    headed = any(isinstance(leads[name][1], Table) for name in lights if name in leads)
    for name, keys in lights.items():
        lead, item = leads.get(name, ([], None))
        for line in lead:
            table.add(line)
        kept = _server_only(item.unwrap()) if item is not None else {}
        if not isinstance(item, Table if headed else InlineTable):
            item = tomlkit.table() if headed else tomlkit.inline_table()
        table.append(name, _with_keys(item, {**keys, **kept}))
    for line in rest:
        table.add(line)
    if former is None:
        if text.strip():
            document.add(tomlkit.nl())
        document.append("lights", table)
    elif isinstance(former, Table):
        document["lights"] = table
    else:
        document.remove("lights")
        document.append("lights", table)
    return tomlkit.dumps(document)


def with_naming(text: str, templates: Mapping[str, str]) -> str:
    """Return the text of a rig file with these templates of names, other keys and all else as they were."""
    document = tomlkit.parse(text)
    if "naming" not in document:
        if text.strip():
            document.add(tomlkit.nl())
        document.append("naming", tomlkit.table())
    for kind, template in templates.items():
        if document["naming"].get(kind) != template:
            document["naming"][kind] = template
    return tomlkit.dumps(document)


def with_calibration(text: str, figures: Mapping[str, Any], former: Mapping[str, Any], most: int) -> str:
    """Return the text with these figures of a calibration; what it replaced is the last in a history of `most`.

    Nothing joins the history where `former` is empty. All else stays as it was.
    """
    document = tomlkit.parse(text)
    if "calibration" not in document:
        if text.strip():
            document.add(tomlkit.nl())
        document.append("calibration", tomlkit.table())
    table = document["calibration"]
    history = table.get("history")
    kept = [] if history is None else [*history.unwrap(), *([dict(former)] if former else [])][-most:]
    kept = [dict(former)] if history is None and former else kept
    for key in [key for key in table if key not in figures and key != "history"]:
        table.remove(key)
    for key, value in figures.items():
        if table.get(key) != value:
            table[key] = value
    if former:
        table.pop("history", None)
        entries = tomlkit.aot()
        for one in kept:
            entries.append(tomlkit.item(one))
        table["history"] = entries
    return tomlkit.dumps(document)


def keeps_server_only(before: str, after: str) -> bool:
    """Tell whether an edited text says the same as before of all that clients must not write.

    A light that is gone takes its own along.
    """
    old, new = tomllib.loads(before), tomllib.loads(after)
    lights = {name: light for name, light in old.get("lights", {}).items() if name in new.get("lights", {})}
    return _server_only(old) == _server_only(new) and all(
        _server_only(light) == _server_only(lights.get(name, {})) for name, light in new.get("lights", {}).items()
    )


def _server_only(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if key in SERVER_ONLY}


Lead = list[Comment | Whitespace]


def _with_leads(table: Table) -> tuple[dict[str, tuple[Lead, Item]], Lead]:
    """Take a table apart: each light with the comments above it, and the comments after the last one."""
    parts: dict[str, tuple[Lead, Item]] = {}
    lead: Lead = []
    body: Iterable[tuple[Key | None, Item]] = table.value.body
    for key, item in body:
        if key is not None:
            parts[key.key] = (lead, item)
            lead = []
        elif isinstance(item, Comment | Whitespace):
            lead.append(item)
    return parts, lead


def _with_keys(item: Table | InlineTable, keys: LightKeys) -> Item:
    """Change a light's keys where their values differ, so that what did not change keeps its spelling."""
    before = item.unwrap()
    for name in before:
        if name not in keys:
            item.remove(name)
    for name, value in keys.items():
        plain = _plain(value)
        if name not in before or before[name] != plain:
            item[name] = plain
    return item


def _plain(value: Any) -> Any:
    """Return a value with arrays as the file has them."""
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let nobody else who asks first edit a file of this folder meanwhile; raise OSError where it is not there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a power cut leaves the old one or the new one, with the old one's mode."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o640)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
