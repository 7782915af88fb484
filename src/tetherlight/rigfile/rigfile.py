"""The rig file: lights, the lines that they hang on and where they stand, network cameras, and templates of names."""

import json
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from tetherlight.durable import read_regular
from tetherlight.errors import InvalidName, InvalidSetting, StoreError
from tetherlight.models import Direction, Model
from tetherlight.naming.templates import DEFAULT_TEMPLATES, Kind, Template, Templates
from tetherlight.rigfile import edit as rig_edit
from tetherlight.validation import first_fault

DEFAULT_NAME = "rig.toml"
MAX_BYTES = 4_000_000

DriverName = Literal["auto", "gpiod", "RPi.GPIO", "simulated"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Vector = tuple[Finite, Finite, Finite]

LIGHT_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Names become parts of file names: image_01_<name>.jpg."""


class LightTable(Model):
    """The keys that a light has in the rig file."""

    model_config = ConfigDict(strict=True)

    pin: int | None = Field(default=None, ge=0, le=4095)
    active_low: bool = False
    direction: Vector | None = None
    position: Vector | None = None
    settle_s: Finite | None = Field(default=None, ge=0, le=600)
    group: str | None = Field(default=None, min_length=1, max_length=64)

    @field_validator("direction", "position")
    @classmethod
    def _somewhere(cls, value: Vector | None) -> Vector | None:
        if value is not None and not any(value):
            raise ValueError("must not be [0, 0, 0]")
        return value


class RigLight(LightTable):
    """A light with its name."""

    name: str

    @property
    def unit_direction(self) -> Direction | None:
        """The unit vector from the object to the light: as stated, else from the position."""
        return unit(self.direction or self.position)


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

    driver: DriverName = "auto"
    chip: str | None = Field(default=None, min_length=1)
    cameras: tuple[str, ...] = ()
    lights: dict[str, LightTable] | None = None
    naming: NamingTable = NamingTable()

    @field_validator("cameras")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not address.startswith("ptpip:") or len(address) == len("ptpip:"):
                raise ValueError(f"'{address}' is not an address like ptpip:192.168.1.20")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        problem = light_problem((name, light.pin) for name, light in (self.lights or {}).items())
        if problem:
            raise ValueError(problem)
        return self


def light_problem(lights: Iterable[tuple[str, int | None]]) -> str | None:
    """Say what is wrong with these names and pins together, or None."""
    names: set[str] = set()
    pins: dict[int, str] = {}
    for name, pin in lights:
        if not LIGHT_NAME.fullmatch(name):
            return name_problem(name)
        if name in names:
            return f"light '{name}' is there twice"
        if pin is not None and pin in pins:
            return f"pin {pin} is used by both '{pins[pin]}' and '{name}'"
        names.add(name)
        if pin is not None:
            pins[pin] = name
    return None


def name_problem(name: str) -> str:
    """Say why this is no light name."""
    return f"'{name[:80]}' is no light name: up to 64 letters, digits, '-', '_' and '.' are allowed"


def unit(vector: Sequence[float] | None) -> Direction | None:
    """Scale a vector to length 1."""
    if vector is None:
        return None
    length = math.hypot(*vector)
    x, y, z = (value / length for value in vector)
    return x, y, z


# A ring of eight at 45 degrees, seen from the camera above: the front is down in the picture. The ninth lamp hangs
# beside the lens, which stands where the zenith is.
_DEFAULTS: Mapping[str, tuple[int, Vector]] = MappingProxyType(
    {
        "lights_top": (24, (0.0, 0.0995, 0.995)),
        "light_front": (4, (0.0, -0.7071, 0.7071)),
        "light_front_left": (18, (-0.5, -0.5, 0.7071)),
        "light_left": (27, (-0.7071, 0.0, 0.7071)),
        "light_rear_left": (22, (-0.5, 0.5, 0.7071)),
        "light_rear": (3, (0.0, 0.7071, 0.7071)),
        "light_rear_right": (17, (0.5, 0.5, 0.7071)),
        "light_right": (23, (0.7071, 0.0, 0.7071)),
        "light_front_right": (2, (0.5, -0.5, 0.7071)),
    }
)

DEFAULT_LIGHTS = tuple(
    RigLight(name=name, pin=pin, direction=direction) for name, (pin, direction) in _DEFAULTS.items()
)
"""The lights of a rig without a rig file; their pins mean a Raspberry Pi's header only."""


@dataclass(frozen=True)
class RigFile:
    """A rig as its file describes it, or the default one where there is no file."""

    path: Path
    """Where the description is, or where edited lights would be saved."""
    driver: DriverName = "auto"
    chip: str | None = None
    cameras: tuple[str, ...] = ()
    lights: tuple[RigLight, ...] = DEFAULT_LIGHTS
    default_lights: bool = True
    """Whether the lights, and so their pins, are ours and not the file's."""
    naming: Templates = DEFAULT_TEMPLATES

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
        return cls(path, tables.driver, tables.chip, tables.cameras, lights, tables.lights is None, naming)

    def save_lights(self, lights: Sequence[RigLight]) -> Self:
        """Write these lights into the file, which keeps its comments and all else; blocking.

        Raises InvalidSetting where the file has become unreadable meanwhile, StoreError where it cannot be written.
        """
        tables = {light.name: light.model_dump(exclude={"name"}, exclude_defaults=True) for light in lights}
        return self._save(lambda text: rig_edit.with_lights(text, tables))

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
                if edited != text:
                    rig_edit.replace_file(target, edited)
        except OSError as error:
            raise StoreError(f"The rig file {self.path} could not be written: {error.strerror}.") from error
        return saved


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
    where, key = "", fault.field
    if fault.place[:1] == ("lights",) and len(fault.place) > 1:
        light = str(fault.place[1])
        where, key = f"{_line_of(light, text)}light '{light}': ", ".".join(str(part) for part in fault.place[2:])
    if fault.kind == "extra_forbidden":
        return f"The rig file {path} is wrong: {where}there is no key '{key}'."
    return f"The rig file {path} is wrong: {where}{key + ': ' if key else ''}{fault.reason}."


def _line_of(light: str, text: str) -> str:
    """Say on which line a light begins, or nothing where that is not plain."""
    name = rf"[\"']?{re.escape(light)}[\"']?"
    pattern = re.compile(rf"\s*(?:\[\s*lights\s*\.\s*{name}\s*\]|(?:lights\s*\.\s*)?{name}\s*[=.])")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return f"line {number}, "
    return ""
