"""The recipes of a rig: every change is told, and cameras are set by them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from tetherlight.camera.camera import Camera
from tetherlight.camera.values import checked
from tetherlight.capture.requests import set_plan
from tetherlight.capture.shooting import Ready
from tetherlight.errors import CameraError, InvalidPayload, RecipeUnfit, TetherlightError, UnknownLight
from tetherlight.lights.lights import Lights
from tetherlight.protocol.events import RECIPES_CHANGED
from tetherlight.protocol.models import ConfigEntry, ConfigValue
from tetherlight.protocol.recipes import (
    AppliedRecipe,
    ApplyRecipe,
    CaptureRecipe,
    Recipe,
    RecipeChange,
    RecipeList,
    SaveRecipe,
    set_of,
)
from tetherlight.protocol.sets import CapturePhotometricSet, CaptureSet
from tetherlight.publisher import Publisher
from tetherlight.recipes import RecipeBook
from tetherlight.rig.cameras import Cameras

logger = logging.getLogger(__name__)

MOST_TOLD = 5
"""Things that are wrong with a recipe and are named in one sentence."""


class Recipes:
    """Keeps, lists and uses recipes."""

    def __init__(self, book: RecipeBook, cameras: Cameras, lights: Lights, publisher: Publisher) -> None:
        self._book = book
        self._cameras = cameras
        self._lights = lights
        self._publisher = publisher

    async def list(self) -> RecipeList:
        """List the recipes by name, and the files that are none."""
        return await asyncio.to_thread(self._book.all)

    async def save(self, wanted: SaveRecipe) -> Recipe:
        """Keep a recipe; raise InvalidPayload for a plan that no rig could take, RecipeExists and StoreError."""
        recipe = wanted.recipe
        if (captured := set_of(recipe, CaptureRecipe(recipe=recipe.name))) is not None:
            set_plan(captured)
        replaced = await asyncio.to_thread(self._book.save, recipe, replace=wanted.replace)
        change = RecipeChange(name=recipe.name, change="updated" if replaced else "created", recipe=recipe)
        self._publisher.publish(RECIPES_CHANGED, change)
        return recipe

    async def delete(self, name: str) -> Recipe:
        """Remove a recipe and return it; raise RecipeNotFound and StoreError."""
        recipe = await asyncio.to_thread(self._book.delete, name)
        self._publisher.publish(RECIPES_CHANGED, RecipeChange(name=recipe.name, change="deleted", recipe=None))
        return recipe

    async def apply(self, wanted: ApplyRecipe) -> AppliedRecipe:
        """Set a camera as a recipe says; raise RecipeNotFound, RecipeUnfit and what setting a camera raises."""
        async with self._cameras.turn(wanted.camera_id) as camera:
            recipe = await asyncio.to_thread(self._book.find, wanted.recipe)
            entries = await camera.get_config()
            _refuse(recipe, [*setting_faults(recipe, camera, entries)])
            changed = await _set(camera, recipe, entries)
        count = f"{len(changed)} setting{'' if len(changed) == 1 else 's'} changed"
        return AppliedRecipe(message=f"Recipe '{recipe.name}' applied: {count}.", entries=changed)

    async def prepared(self, wanted: CaptureRecipe) -> tuple[CapturePhotometricSet | CaptureSet, Ready]:
        """Return the set that is meant, and what sets the cameras for it; raise RecipeNotFound and RecipeUnfit."""
        recipe = await asyncio.to_thread(self._book.find, wanted.recipe)
        captured = set_of(recipe, wanted)
        if captured is None:
            raise RecipeUnfit(
                f"Recipe '{recipe.name}' has settings of the camera alone: it says nothing of lights or axes.",
                hint="Apply it (APPLY_RECIPE), then capture a set.",
            )

        @asynccontextmanager
        async def ready(cameras: Sequence[Camera], job_id: str) -> AsyncIterator[None]:
            configs = [(camera, await camera.get_config()) for camera in cameras]
            faults = [fault for camera, entries in configs for fault in setting_faults(recipe, camera, entries)]
            _refuse(recipe, [*self._light_faults(recipe), *faults])
            changed: list[tuple[Camera, list[ConfigEntry]]] = []
            try:
                for camera, entries in configs:
                    changed.append((camera, await _set(camera, recipe, entries, owner=job_id)))
                yield
            except BaseException:
                before = {(camera.camera_id, one.path): one for camera, entries in configs for one in entries}
                for camera, entries in changed:
                    await _put_back(camera, [before[camera.camera_id, one.path] for one in entries], owner=job_id)
                raise

        return captured, ready

    def _light_faults(self, recipe: Recipe) -> Iterator[str]:
        """Give what the rig lacks of a recipe's lights, in words."""
        for name, level in recipe.lights.items():
            try:
                self._lights.require_level(name, 1.0 if level is None else level)
            except UnknownLight:
                yield f"the rig has no light '{name[:80]}'"
            except InvalidPayload as error:
                yield error.message.rstrip(".")


def setting_faults(recipe: Recipe, camera: Camera, entries: Sequence[ConfigEntry]) -> Iterator[str]:
    """Give what a camera lacks of a recipe's settings, in words."""
    model = camera.model
    if recipe.camera_model is not None and recipe.camera_model != model:
        yield f"it is for the {recipe.camera_model}, and the camera is a {model}"
        return
    for name, value in recipe.settings.items():
        entry = find_entry(entries, name)
        if entry is None:
            yield f"the {model} has no setting '{name[:80]}'"
            continue
        if entry.value == value or (entry.readonly and len(recipe.settings) > 1):
            continue  # a mode that comes before it may make it writable; if it does not, setting it says so
        try:
            checked(entry, value)
        except CameraError as error:
            yield f"setting '{name[:80]}' of the {model} does not take '{str(value)[:80]}': {error.message.rstrip('.')}"


def find_entry(entries: Sequence[ConfigEntry], name: str) -> ConfigEntry | None:
    """Return the entry of this path, alias or name, in this order."""
    for key in ("path", "alias", "name"):
        found = next((one for one in entries if getattr(one, key) == name), None)
        if found is not None:
            return found
    return None


def _refuse(recipe: Recipe, faults: Sequence[str]) -> None:
    """Raise RecipeUnfit with everything that is wrong in one sentence."""
    if not faults:
        return
    found = list(dict.fromkeys(faults))
    more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    raise RecipeUnfit(
        f"Recipe '{recipe.name}' cannot be used: {'; '.join(found[:MOST_TOLD])}{more}.",
        hint="Nothing was begun. Change the recipe, or the rig.",
        details={"faults": found},
    )


async def _set(
    camera: Camera, recipe: Recipe, entries: Sequence[ConfigEntry], *, owner: str | None = None
) -> list[ConfigEntry]:
    """Set what differs and return it as it is now; where one is refused, put back those before it and raise."""
    changed: list[ConfigEntry] = []
    before: list[ConfigEntry] = []
    for name, value in recipe.settings.items():
        entry = find_entry(entries, name)
        if entry is None or entry.value == value:
            continue
        try:
            changed.append(await camera.set_config(entry.path, value, owner=owner))
        except BaseException:
            await _put_back(camera, before, owner=owner)
            raise
        before.append(entry)
    return changed


async def _put_back(camera: Camera, before: Sequence[ConfigEntry], *, owner: str | None) -> None:
    """Give entries their former values, the last one first; a camera that is gone keeps what it has."""
    for entry in reversed(before):
        value: ConfigValue = entry.value
        try:
            await camera.set_config(entry.path, value, owner=owner)
        except TetherlightError as error:
            logger.warning("Setting '%s' of %s could not be put back: %s", entry.name, camera.model, error)
