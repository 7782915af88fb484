"""What is loaded only when it is used, so that --help and the shell's completion answer at once.

The program loads a command's module when that command is meant. A command's module loads what its --help needs; what
its work needs takes longer, and stands behind `Later`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class Later:
    """A module that is loaded when something of it is first used; type checkers are shown the module itself."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        return getattr(import_module(self._name), attribute)


@dataclass(frozen=True)
class Place:
    """Where a command is, and what it says of itself before it is loaded."""

    where: str
    """The module of this folder, a colon, and the name of the function or group in it."""
    text: str
    """The first sentence of its help."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What Typer shall know of a function beside its name."""

    def load(self, name: str) -> Any:
        """Load the module and return the command, or the group of commands."""
        module, _, attribute = self.where.partition(":")
        found = getattr(import_module(f"tetherlight.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            command = typer.main.get_group(found)
            command.name = name
            return command
        holder = typer.Typer(add_completion=False, rich_markup_mode=None)
        holder.command(name, **self.settings)(found)
        return typer.main.get_command(holder)


# Typer brings its own copy of Click's classes, which have no public name: hence Any.
class LazyGroup(TyperGroup):
    """A group that knows its commands by name and by what they say of themselves, and loads the one that is meant."""

    places: ClassVar[Mapping[str, Place]]

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, place in self.places.items():
            self.add_command(TyperCommand(name, callback=None, help=place.text))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Load the command that the words mean."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.places[name].load(name) if name is not None else None, rest

    def loaded(self) -> Iterator[tuple[str, Any]]:
        """Load all commands and give each with its name."""
        for name, place in self.places.items():
            yield name, place.load(name)
