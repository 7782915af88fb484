"""Handlers of the actions on recipes."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.recipes import (
    APPLY_RECIPE,
    CAPTURE_RECIPE,
    DELETE_RECIPE,
    LIST_RECIPES,
    SAVE_RECIPE,
    AppliedRecipe,
    ApplyRecipe,
    CaptureRecipe,
    Recipe,
    RecipeList,
    RecipeNamed,
    SaveRecipe,
)
from tetherlight.protocol.sets import PhotometricSetResult


async def list_recipes(context: Context, _: NoPayload) -> RecipeList:
    """List the recipes."""
    return await context.rig.recipes.list()


async def save_recipe(context: Context, payload: SaveRecipe) -> Recipe:
    """Keep a recipe."""
    return await context.rig.recipes.save(payload)


async def delete_recipe(context: Context, payload: RecipeNamed) -> Recipe:
    """Remove a recipe."""
    return await context.rig.recipes.delete(payload.recipe)


async def apply_recipe(context: Context, payload: ApplyRecipe) -> AppliedRecipe:
    """Set a camera as a recipe says."""
    return await context.rig.recipes.apply(payload)


async def capture_recipe(context: Context, payload: CaptureRecipe) -> PhotometricSetResult:
    """Run a recipe's set and answer when it has ended; it goes on when the client leaves."""
    job = await context.rig.start_recipe(payload, requester=context.caller.id, request_id=context.request.request_id)
    return await job.result()


PAIRS: tuple[Pair, ...] = (
    bind(LIST_RECIPES, list_recipes),
    bind(SAVE_RECIPE, save_recipe),
    bind(DELETE_RECIPE, delete_recipe),
    bind(APPLY_RECIPE, apply_recipe),
    bind(CAPTURE_RECIPE, capture_recipe),
)
