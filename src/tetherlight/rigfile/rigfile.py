"""The rig file: lights, the lines that they hang on and where they stand, network cameras, and templates of names."""

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from tetherlight.errors import InvalidName, InvalidSetting, StoreError
from tetherlight.files.durable import read_regular
from tetherlight.naming.templates import DEFAULT_TEMPLATES, Kind, Template, Templates
from tetherlight.protocol.lights import SERVER_ONLY
from tetherlight.protocol.models import Model, first_fault
from tetherlight.rigfile import edit as rig_edit
from tetherlight.rigfile.bridges import BridgesTable
from tetherlight.rigfile.calibration import MOST, CalibrationFigures, CalibrationTable, replaced
from tetherlight.rigfile.hooks import HooksTable, HookTable
from tetherlight.rigfile.lights import (
    DEFAULT_LIGHTS,
    NO_GUARD,
    GuardTable,
    LightTable,
    RigLight,
    address_problem,
    light_problem,
)
from tetherlight.rigfile.triggers import TriggerTable, trigger_problem

DEFAULT_NAME = "rig.toml"
MAX_BYTES = 4_000_000
PARTS = re.compile(r"[\s/@#?&=,;:]+")
"""Between the parts of an address: errors tell a host without its port."""
SECRET = 6
"""Characters of the shortest word that is kept out of the log; shorter ones stand in every other line."""
UNUSED = ("offload",)
"""Tables that have a meaning in versions to come."""
HIDDEN = frozenset({"url", "host", "username", "password", "password_file", "token"})
"""Keys of a driver's table whose values no client may read."""
PLAIN = frozenset({"multicast"})
"""Words in addresses that are no secret."""


class NamingTable(Model):
    """The templates of names in the rig file."""

    model_config = ConfigDict(strict=True)

    capture: str | None = None
    set: str | None = None

    @field_validator("capture", "set")
    @classmethod
    def _usable(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind: Kind = "set" if info.field_name == "set" else "capture"
        try:
            return None if value is None else Template.parse(value, kind).text
        except InvalidName as error:
            raise ValueError(error.message.rstrip(".")) from None


class RigTables(Model):
    """The whole rig file."""

    model_config = ConfigDict(strict=True)

    driver: str = Field(default="auto", min_length=1, max_length=64)
    chip: str | None = Field(default=None, min_length=1)
    cameras: tuple[str, ...] = ()
    lights: dict[str, LightTable] | None = None
    naming: NamingTable = NamingTable()
    calibration: CalibrationTable | None = None
    guard: GuardTable = GuardTable()
    drivers: dict[str, dict[str, Any]] = Field(default_factory=dict)
    hooks: HooksTable = Field(default_factory=dict)
    bridges: BridgesTable = BridgesTable()
    triggers: dict[str, TriggerTable] = Field(default_factory=dict)
    offload: Any = None

    @field_validator("cameras")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not address.startswith("ptpip:") or len(address) == len("ptpip:"):
                raise ValueError(f"'{address}' is not an address like ptpip:192.168.1.20")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        lights = self.lights or {}
        problem = light_problem(lights.items()) or address_problem(lights, self.driver)
        lines = [(name, light.pin) for name, light in (self.lights or {}).items()]
        if self.lights is None:
            lines = [(light.name, light.pin) for light in DEFAULT_LIGHTS]
        problem = problem or trigger_problem(self.triggers, lines)
        if problem:
            raise ValueError(problem)
        return self


@dataclass(frozen=True)
class RigFile:
    """A rig as its file describes it, or the default one where there is no file."""

    path: Path
    """Where the description is, or where edited lights would be saved."""
    driver: str = "auto"
    chip: str | None = None
    cameras: tuple[str, ...] = ()
    lights: tuple[RigLight, ...] = DEFAULT_LIGHTS
    default_lights: bool = True
    """Whether the lights, and so their pins, are ours and not the file's."""
    naming: Templates = DEFAULT_TEMPLATES
    calibration: CalibrationTable | None = None
    guard: GuardTable = NO_GUARD
    drivers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """What the drivers of lamps need to know beside addresses, by driver."""
    bridges: BridgesTable = field(default=BridgesTable(), repr=False)
    hooks: Mapping[str, HookTable] = field(default_factory=dict, repr=False)
    triggers: Mapping[str, TriggerTable] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    """Tables that are kept and that this version has no use for."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Words that no client may read, also not in the log: addresses of lamps and brokers, and how one gets in there."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a rig file; without a path `rig.toml` in the working folder, if it is there.

        Raises InvalidSetting with one sentence that names the file, the place in it and what is wrong.
        """
        wanted = path or Path(DEFAULT_NAME)
        if path is None and not os.path.lexists(wanted):
            return cls(wanted)
        return cls.parse(_read(wanted), wanted)

    @classmethod
    def parse(cls, text: str, path: Path) -> Self:
        """Check the text of a rig file; `path` is what errors call it."""
        tables = _tables(text, path)
        lights = DEFAULT_LIGHTS
        if tables.lights is not None:
            lights = tuple(RigLight(name=name, **table.model_dump()) for name, table in tables.lights.items())
        naming = DEFAULT_TEMPLATES.changed(tables.naming.capture, tables.naming.set)
        unused = {name: value for name in UNUSED if (value := getattr(tables, name)) is not None}
        addresses = [light.address for light in lights if light.address is not None]
        hosts = [part for address in addresses for part in PARTS.split(address)]
        drivers = [value for table in tables.drivers.values() for key, value in table.items() if key in HIDDEN]
        hooks = [part for hook in tables.hooks.values() for part in hook.secrets]
        told = _words([*unused.values(), *tables.bridges.secrets, *hooks, drivers, addresses, hosts])
        secrets = frozenset(word for word in told if len(word) >= SECRET and word not in PLAIN)
        default = tables.lights is None
        return cls(
            path,
            tables.driver,
            tables.chip,
            tables.cameras,
            lights,
            default,
            naming,
            tables.calibration,
            tables.guard,
            tables.drivers,
            tables.bridges,
            tables.hooks,
            tables.triggers,
            tuple(unused),
            secrets,
        )

    def save_lights(self, lights: Sequence[RigLight]) -> Self:
        """Write these lights into the file, which keeps its comments and all else; blocking.

        A light keeps the driver and the address that the file gives it now, whatever `lights` say.

        Raises InvalidSetting where the file has become unreadable meanwhile, StoreError where it cannot be written.
        """
        return self._save(lambda text: rig_edit.with_lights(text, _keys(lights)))

    def save_calibration(self, changes: Mapping[str, Mapping[str, Any]], figures: CalibrationFigures) -> Self:
        """Write what was measured of lights, by name, into the file; blocking. Errors as for `save_lights`.

        Only what differs is written. What is replaced goes into the history; lights that the file has not are left out.
        """

        def edit(text: str) -> str:
            now = self.parse(text, self.path)
            lights = [light.changed(changes.get(light.name, {})) for light in now.lights]
            former = {
                old.name: old
                for old, new in zip(now.lights, lights, strict=True)
                if (old.direction, old.position, old.intensity) != (new.direction, new.position, new.intensity)
            }
            told = figures.model_dump(exclude_none=True)
            return rig_edit.with_calibration(
                rig_edit.with_lights(text, _keys(lights)), told, replaced(former, now.calibration), MOST
            )

        return self._save(edit)

    def save_measured(self, changes: Mapping[str, Mapping[str, Any]]) -> Self:
        """Write how lamps follow their signal, by name, into the file; blocking. Errors as for `save_lights`.

        Only what differs is written; lights that the file has not are left out.
        """

        def edit(text: str) -> str:
            lights = self.parse(text, self.path).lights
            return rig_edit.with_lights(text, _keys([one.changed(changes.get(one.name, {})) for one in lights]))

        return self._save(edit)

    def save_naming(self, capture: str | None, set_: str | None) -> Self:
        """Write these templates into the file, which keeps all else; blocking. Errors as for `save_lights`."""
        templates = {"capture": capture, "set": set_}
        given = {kind: text for kind, text in templates.items() if text is not None}
        return self._save(lambda text: rig_edit.with_naming(text, given))

    def _save(self, edit: Callable[[str], str]) -> Self:
        target = self.path.resolve()
        try:
            with rig_edit.one_at_a_time(target.parent):
                # Read again: the file may have been edited since the start.
                text = _read(self.path) if target.exists() else ""
                self.parse(text, self.path)
                edited = edit(text)
                saved = self.parse(edited, self.path)
                if not rig_edit.keeps_server_only(text, edited):
                    raise StoreError(
                        f"The rig file {self.path} cannot be edited without touching what is the server's own.",
                        hint="Edit it on the server's machine.",
                    )
                if edited != text:
                    rig_edit.replace_file(target, edited)
        except OSError as error:
            raise StoreError(f"The rig file {self.path} could not be written: {error.strerror}.") from error
        return saved


def _keys(lights: Sequence[RigLight]) -> dict[str, dict[str, Any]]:
    """Return the keys of lights as the file has them, but for what is the server's own."""
    left_out = {"name", *SERVER_ONLY}
    return {light.name: light.model_dump(exclude=left_out, exclude_defaults=True) for light in lights}


def _words(value: Any) -> Iterator[str]:
    """Give the texts in a value at any depth."""
    match value:
        case str():
            yield value
        case dict():
            yield from _words([*value.values()])
        case list():
            for part in value:
                yield from _words(part)


def _read(path: Path) -> str:
    try:
        return read_regular(path, most=MAX_BYTES, follow=True).decode()
    except OSError as error:
        raise InvalidSetting(f"The rig file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"The rig file {path} is no UTF-8 text.") from None


def _tables(text: str, path: Path) -> RigTables:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSetting(_syntax_sentence(str(error), path)) from None
    try:
        # Strict validation takes a list for a tuple only from JSON.
        return RigTables.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        raise InvalidSetting(_value_sentence(error, text, path)) from None


def _syntax_sentence(problem: str, path: Path) -> str:
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", problem, re.DOTALL)
    if not found:
        return f"The rig file {path} is no TOML: {problem}."
    place = f"line {found[2]}" if found[2] else "at its end"
    return f"The rig file {path} is no TOML, {place}: {found[1][:1].lower()}{found[1][1:]}."


def _value_sentence(error: ValidationError, text: str, path: Path) -> str:
    fault = first_fault(error)
    where, key = _line_at([str(part) for part in fault.place], text), fault.field
    if fault.place[:1] == ("lights",) and len(fault.place) > 1:
        light = str(fault.place[1])
        where, key = f"{_line_of(light, text)}light '{light}': ", ".".join(str(part) for part in fault.place[2:])
    if fault.kind == "extra_forbidden":
        where = f"{where[:-2]}: " if where.endswith(", ") else where
        return f"The rig file {path} is wrong: {where}there is no key '{key}'."
    return f"The rig file {path} is wrong: {where}{key + ': ' if key else ''}{fault.reason}."


def _line_at(place: Sequence[str], text: str) -> str:
    """Say which line names a key, or the innermost table around it; nothing where none does."""
    found, best, table = "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        match = re.match(r"\s*\[+([^\[\]]+)\]|\s*([^=#\[\]]+)=", line)
        if match is None:
            continue
        path = [part.strip().strip("\"'") for part in (match[1] or match[2]).split(".")]
        if match[1]:
            table = path
        else:
            path = [*table, *path]
        if best < len(path) and path == list(place[: len(path)]):
            found, best = f"line {number}, ", len(path)
    return found


def _line_of(light: str, text: str) -> str:
    """Say on which line a light begins, or nothing where that is not plain."""
    name = rf"[\"']?{re.escape(light)}[\"']?"
    pattern = re.compile(rf"\s*(?:\[\s*lights\s*\.\s*{name}\s*\]|(?:lights\s*\.\s*)?{name}\s*[=.])")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return f"line {number}, "
    return ""
