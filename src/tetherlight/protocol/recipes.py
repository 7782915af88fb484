"""Actions on recipes: what a kind of object is captured with, kept under a name."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from tetherlight import errors
from tetherlight.protocol.action import Action, CameraPayload, Payload
from tetherlight.protocol.axes import MAX_VALUES, AxisPlan
from tetherlight.protocol.cameras import NoPayload
from tetherlight.protocol.models import ConfigEntry, Model
from tetherlight.protocol.names import Feature
from tetherlight.protocol.set_lists import SET_EXAMPLE
from tetherlight.protocol.sets import (
    CapturePhotometricSet,
    CaptureSet,
    CatalogueNumber,
    LitFrames,
    PhotometricSetResult,
    Scale,
    SetManner,
)

MOST_RECIPES = 500
MOST_SETTINGS = 500
RecipeName = Annotated[str, Field(min_length=1, max_length=80)]
SettingName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SettingValue = Annotated[str, StringConstraints(max_length=1000)] | bool | int | float
OF_LIGHTS = ("levels", "ambient", "focus", "exposure")
"""What says something of a light sequence, and nothing without one."""


class Recipe(SetManner, LitFrames):
    """Settings of the camera, and what a set is made of; each may be missing. Settings alone are a preset."""

    name: RecipeName = Field(description="What people call it, such as Coins, f/8.")
    camera_model: str | None = Field(
        default=None, max_length=200, description="The only camera that it is for; any where nothing is said."
    )
    settings: dict[SettingName, SettingValue] = Field(
        default_factory=dict,
        max_length=MOST_SETTINGS,
        description="Values of config entries by alias, name or path, which are set in this order; others stay.",
    )
    light_sequence: list[str] | None = Field(
        default=None, min_length=1, max_length=MAX_VALUES, description="The lights of the set in their order."
    )
    axes: list[AxisPlan] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Instead of light_sequence and what belongs to it: axes as of CAPTURE_SET.",
    )

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("it has a character that cannot be seen, or a space at an end")
        return value

    @model_validator(mode="after")
    def _something(self) -> "Recipe":
        if self.light_sequence is None and self.axes is None and not self.settings:
            raise ValueError("it needs settings, light_sequence or axes")
        if self.axes is not None and self.light_sequence is not None:
            raise ValueError("it has either light_sequence or axes")
        if self.light_sequence is None and (named := next((one for one in OF_LIGHTS if getattr(self, one)), None)):
            raise ValueError(f"'{named}' needs light_sequence")
        return self

    @property
    def takes_set(self) -> bool:
        """Whether a set can be captured by it."""
        return self.light_sequence is not None or self.axes is not None

    @property
    def lights(self) -> dict[str, float | None]:
        """The lights that it names, each with its level, None where it says nothing of that."""
        if self.light_sequence is not None:
            return {name: self.levels.get(name) for name in (*self.light_sequence, *self.levels)}
        lit = [axis for axis in self.axes or () if axis.axis == "light"]
        names = {str(name): axis.levels.get(str(name)) for axis in lit for name in axis.values or () if name}
        return names | {name: level for axis in lit for name, level in axis.levels.items()}


class RecipeFault(Model):
    """A file beside the recipes that cannot be used."""

    file: str
    message: str


class RecipeList(Model):
    """Every recipe by name, and what stands between them that is none."""

    recipes: list[Recipe]
    faults: list[RecipeFault] = Field(default_factory=list)


class SaveRecipe(Payload):
    """A recipe that shall be kept."""

    recipe: Recipe
    replace: bool = Field(default=False, description="Also where there is one of that name, which is gone then.")


class RecipeNamed(Payload):
    """A recipe by its name."""

    recipe: RecipeName = Field(description="Its name; upper and lower case are the same.")


class ApplyRecipe(CameraPayload):
    """A recipe, and the camera that shall be set by it."""

    recipe: RecipeName = Field(description="Its name, or enough of its beginning; upper and lower case are the same.")


class CaptureRecipe(ApplyRecipe):
    """A recipe, and what is known of the object; what is said here counts instead of what the recipe says."""

    empty_counts: ClassVar = frozenset({"catalogue_number"})

    set_name_prefix: str | None = None
    notes: str | None = Field(default=None, max_length=4000)
    catalogue_number: CatalogueNumber | None = Field(
        default=None, description="What the object is listed under; where it is missing or empty, as of CAPTURE_SET."
    )
    scale_mm_per_pixel: Scale | None = Field(default=None, description="Millimetres of the object per image pixel.")


class AppliedRecipe(Model):
    """What a recipe has changed."""

    message: str
    entries: list[ConfigEntry] = Field(description="The config entries that have another value than before.")


class RecipeChange(Model):
    """A recipe that is new, changed or gone."""

    name: str
    change: Literal["created", "updated", "deleted"]
    recipe: Recipe | None = Field(description="As it is now; null where it is gone.")


def meant(recipes: Sequence[Recipe], name: str) -> Recipe:
    """Return the recipe of this name, or the only one that begins so, in any case; raise RecipeNotFound."""
    known = {one.name.casefold(): one for one in recipes}
    wanted = name.strip().casefold()
    if wanted in known:
        return known[wanted]
    begin = [one for text, one in known.items() if text.startswith(wanted)]
    if len(begin) == 1:
        return begin[0]
    if not begin:
        raise no_recipe(name)
    names = ", ".join(f"'{one.name}'" for one in begin[:5])
    raise errors.RecipeNotFound(f"'{name[:80]}' fits {len(begin)} recipes: {names}.", hint="Say more of its name.")


def no_recipe(name: str) -> errors.RecipeNotFound:
    """Return what is raised where nothing is called so."""
    return errors.RecipeNotFound(f"There is no recipe '{name[:80]}'.", hint="See which there are (LIST_RECIPES).")


def set_of(recipe: Recipe, wanted: CaptureRecipe) -> CapturePhotometricSet | CaptureSet | None:
    """Return the set that a recipe and what is known of an object make, None where the recipe has settings alone."""
    said = {name: getattr(wanted, name) for name in ("set_name_prefix", "notes") if getattr(wanted, name) is not None}
    manner = {name: getattr(recipe, name) for name in SetManner.model_fields} | said
    manner |= {name: getattr(wanted, name) for name in ("camera_id", "catalogue_number", "scale_mm_per_pixel")}
    if recipe.axes is not None:
        return CaptureSet(axes=recipe.axes, **manner)
    if recipe.light_sequence is None:
        return None
    lit = {name: getattr(recipe, name) for name in LitFrames.model_fields}
    return CapturePhotometricSet(light_sequence=recipe.light_sequence, **lit, **manner)


RECIPES = Feature("recipes", "Named recipes on the server: settings of the camera, lights and axes of a set.")
EXAMPLE = {
    "name": "Coins, f/8", "settings": {"aperture": "8", "iso": "100"},
    "light_sequence": ["light_front_left", "light_front_right"], "ambient": True, "set_name_prefix": "coin",
}  # fmt: skip

LIST_RECIPES = Action(
    "LIST_RECIPES", NoPayload, RecipeList,
    right="read",
    summary="List the recipes by name; files that cannot be read are told and stand in nobody's way.",
    repeatable=True,
    errors=(errors.StoreError,),
    example_result={"recipes": [EXAMPLE], "faults": []},
    feature=RECIPES,
)  # fmt: skip
SAVE_RECIPE = Action(
    "SAVE_RECIPE", SaveRecipe, Recipe,
    right="control",
    summary="Keep a recipe under its name.",
    errors=(errors.RecipeExists, errors.StoreError, errors.DiskFull),
    example={"recipe": EXAMPLE},
    example_result=EXAMPLE,
    feature=RECIPES,
)  # fmt: skip
DELETE_RECIPE = Action(
    "DELETE_RECIPE", RecipeNamed, Recipe,
    right="delete",
    summary="Remove a recipe; the reply has it once more, so that it can be saved again.",
    errors=(errors.RecipeNotFound, errors.StoreError),
    example={"recipe": "Coins, f/8"},
    example_result=EXAMPLE,
    feature=RECIPES,
)  # fmt: skip
APPLY_RECIPE = Action(
    "APPLY_RECIPE", ApplyRecipe, AppliedRecipe,
    right="control",
    summary="Set a camera as a recipe says; where something of that cannot be, the camera stays as it was.",
    errors=(errors.RecipeNotFound, errors.RecipeUnfit, errors.NoCameraSelected, errors.CameraNotOpen,
            errors.CameraBusy, errors.ConfigRejected),
    example={"recipe": "Coins, f/8"},
    example_result={"message": "Recipe 'Coins, f/8' applied: 2 settings changed.", "entries": []},
    timeout_s=120.0,
    feature=RECIPES,
)  # fmt: skip
CAPTURE_RECIPE = Action(
    "CAPTURE_RECIPE", CaptureRecipe, PhotometricSetResult,
    right="control",
    summary="Set the camera as a recipe says and capture its set; told as CAPTURE_PHOTOMETRIC_SET is.",
    errors=(errors.RecipeNotFound, errors.RecipeUnfit, errors.NoCameraSelected, errors.CameraNotOpen,
            errors.InvalidName, errors.ConfigRejected, errors.CameraBusy, errors.LightsBusy, errors.DiskFull,
            errors.StoreFull, errors.SequenceFailed),
    timeout_s=None,
    example={"recipe": "Coins, f/8", "catalogue_number": "RIC 207"},
    example_result={
        "message": "Photometric sequence completed successfully.",
        "set_folder": f"photometric_sets/{SET_EXAMPLE}",
        "image_count": 2,
        "images_captured": [f"photometric_sets/{SET_EXAMPLE}/image_01_light_front_left.jpg",
                            f"photometric_sets/{SET_EXAMPLE}/image_02_light_front_right.jpg"],
        "job_id": "job-1"},
    feature=RECIPES,
)  # fmt: skip
