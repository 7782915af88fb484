"""The recipes on the disk: a folder in STATE_DIR with a file for each.

Nothing is remembered: whoever puts a file there has a recipe more, and a file that is none is told beside the others.
"""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from tetherlight.errors import RecipeExists, StoreError
from tetherlight.files.durable import make_folder, read_regular, store_errors, sync_folder, write_atomically
from tetherlight.files.locks import folder_kept
from tetherlight.protocol.action import Payload
from tetherlight.protocol.models import first_fault
from tetherlight.protocol.recipes import MOST_RECIPES, Recipe, RecipeFault, RecipeList, meant, no_recipe

FOLDER = "recipes"
SUFFIX = ".json"
MAX_BYTES = 300_000
"""Of the file of one recipe."""
MODE = 0o640
NO_NAME = re.compile(r"[^a-z0-9]+")


class RecipeFile(Payload):
    """Recipes as a file: one in STATE_DIR, any number in an export."""

    tetherlight_recipes: Literal[1] = Field(description="The version of the form.")
    recipes: list[Recipe] = Field(max_length=MOST_RECIPES)


def written(recipes: Sequence[Recipe]) -> bytes:
    """Return recipes as the content of a file."""
    content = RecipeFile(tetherlight_recipes=1, recipes=list(recipes))
    return content.model_dump_json(indent=2, exclude_defaults=True).encode() + b"\n"


def parsed(content: bytes | str) -> list[Recipe]:
    """Return the recipes of a file's content; raise ValueError with what is wrong in words."""
    try:
        return RecipeFile.model_validate_json(content).recipes
    except ValidationError as error:
        fault = first_fault(error)
        where = f"{fault.field[:200]}: " if fault.field else ""
        raise ValueError(f"{where}{fault.reason.rstrip('.')}") from None


class RecipeBook:
    """The recipes of a state folder. Every method reads the disk."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER

    def all(self) -> RecipeList:
        """Return every recipe by name, and the files that are none; raise StoreError where the folder is closed."""
        found: dict[str, Recipe] = {}
        faults: list[RecipeFault] = []
        for file, content in self._files():
            if isinstance(content, str):
                faults.append(RecipeFault(file=file, message=content))
            elif (twin := found.get(content.name.casefold())) is not None:
                message = f"It is called '{twin.name}' as another one is, which counts."
                faults.append(RecipeFault(file=file, message=message))
            else:
                found[content.name.casefold()] = content
        return RecipeList(recipes=[found[name] for name in sorted(found)], faults=faults)

    def find(self, name: str) -> Recipe:
        """Return the recipe of this name, or the only one that begins so; raise RecipeNotFound."""
        return meant(self.all().recipes, name)

    def save(self, recipe: Recipe, *, replace: bool) -> bool:
        """Keep a recipe durably; say whether it took the place of one. Raises RecipeExists and StoreError."""
        with self._changing(f"Recipe '{recipe.name}' could not be kept"):
            before = self._file_of(recipe.name)
            if before is not None and not replace:
                raise RecipeExists(
                    f"There is already a recipe '{recipe.name}'.", hint="Choose another name, or replace it."
                )
            if before is None and sum(1 for _ in self._names()) >= MOST_RECIPES:
                raise StoreError(f"There are {MOST_RECIPES} recipes already; delete one first.")
            content = written([recipe])
            if len(content) > MAX_BYTES:
                raise StoreError(f"Recipe '{recipe.name}' is longer than {MAX_BYTES // 1000} kB.")
            path = self.folder / (before or file_name(recipe.name))
            write_atomically(path, content, mode=MODE)
            return before is not None

    def delete(self, name: str) -> Recipe:
        """Remove a recipe and return it; raise RecipeNotFound and StoreError."""
        if not self.folder.is_dir():
            raise no_recipe(name)
        with self._changing(f"Recipe '{name[:80]}' could not be deleted"):
            file = self._file_of(name)
            recipe = None if file is None else self._read(file)
            if file is None or not isinstance(recipe, Recipe):
                raise no_recipe(name)
            (self.folder / file).unlink()
            sync_folder(self.folder)
            return recipe

    @contextlib.contextmanager
    def _changing(self, sentence: str) -> Iterator[None]:
        with store_errors(sentence):
            make_folder(self.folder)
            with folder_kept(self.folder):
                yield

    def _file_of(self, name: str) -> str | None:
        wanted = name.strip().casefold()
        return next(
            (file for file, one in self._files() if isinstance(one, Recipe) and one.name.casefold() == wanted), None
        )

    def _names(self) -> Iterator[str]:
        with store_errors("The recipes cannot be read"):
            try:
                names = sorted(os.listdir(self.folder))  # noqa: PTH208 - names, and none of their paths
            except (FileNotFoundError, NotADirectoryError):
                return
        yield from (name for name in names if name.endswith(SUFFIX) and not name.startswith("."))

    def _files(self) -> Iterator[tuple[str, Recipe | str]]:
        """Give each file with its recipe, or with a sentence on what is wrong with it."""
        for count, name in enumerate(self._names()):
            if count >= 2 * MOST_RECIPES:
                return
            found = self._read(name)
            if found is not None:
                yield name, found

    def _read(self, name: str) -> Recipe | str | None:
        try:
            found = parsed(read_regular(self.folder / name, most=MAX_BYTES))
        except FileNotFoundError:
            return None  # gone since its folder was listed
        except OSError as error:
            return f"It cannot be read: {error.strerror or error}."
        except ValueError as error:
            return f"It is no recipe: {error}."
        if len(found) != 1:
            return f"It has {len(found)} recipes, and only one can be in a file here: import it instead."
        return found[0]


def file_name(name: str) -> str:
    """Return the file of a recipe: readable, and of its name alone, whatever signs stand in that."""
    plain = name.casefold()
    readable = NO_NAME.sub("-", plain).strip("-")[:40]
    return f"{readable or 'recipe'}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}{SUFFIX}"
