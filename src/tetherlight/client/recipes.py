"""What the client asks about recipes."""

from collections.abc import Mapping
from typing import Any

from tetherlight.client.capturing import Progress, RecipeCapture
from tetherlight.client.images import Requests
from tetherlight.protocol import recipes as recipe_table


class RecipeRequests(Requests):
    """The client's methods on recipes."""

    async def recipes(self) -> recipe_table.RecipeList:
        """Return the server's recipes by name, and the files between them that are none."""
        return await self._ask(recipe_table.LIST_RECIPES)

    async def save_recipe(
        self, recipe: recipe_table.Recipe | Mapping[str, Any], *, replace: bool = False
    ) -> recipe_table.Recipe:
        """Keep a recipe; raise RecipeExists where there is one of that name, unless it shall be replaced."""
        given = recipe.model_dump() if isinstance(recipe, recipe_table.Recipe) else dict(recipe)
        return await self._ask(recipe_table.SAVE_RECIPE, recipe=given, replace=replace)

    async def delete_recipe(self, name: str) -> recipe_table.Recipe:
        """Remove a recipe and return it as it was."""
        return await self._ask(recipe_table.DELETE_RECIPE, recipe=name)

    async def apply_recipe(self, name: str, *, camera_id: str | None = None) -> recipe_table.AppliedRecipe:
        """Set the camera as a recipe says; raise RecipeUnfit, and leave it as it was, where it cannot be."""
        return await self._ask(recipe_table.APPLY_RECIPE, recipe=name, camera_id=camera_id)

    def capture_recipe(
        self,
        name: str,
        *,
        prefix: str | None = None,
        notes: str | None = None,
        catalogue_number: str | None = None,
        scale_mm_per_pixel: float | None = None,
        camera_id: str | None = None,
        progress: Progress | None = None,
    ) -> RecipeCapture:
        """Set the camera as a recipe says and capture its set: await it for the result, or iterate over it.

        `name` may be a beginning that fits no other recipe. What is said of the object counts instead of what the
        recipe says.
        """
        wanted = recipe_table.CAPTURE_RECIPE.parse({
            "recipe": name, "set_name_prefix": prefix, "notes": notes, "catalogue_number": catalogue_number,
            "scale_mm_per_pixel": scale_mm_per_pixel, "camera_id": camera_id,
        })  # fmt: skip
        return RecipeCapture(self._session, wanted, progress)
