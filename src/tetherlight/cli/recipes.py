"""`tetherlight recipe list|show|save|apply|delete|export|import`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tetherlight.cli import axes, completion
from tetherlight.cli.lazy import Later
from tetherlight.cli.levels import LevelsOption
from tetherlight.cli.options import FAILED, choose_camera, connected, note, options_of
from tetherlight.cli.output import HERE, print_table, say, show, show_json
from tetherlight.cli.words import (
    AmbientOption,
    CameraOption,
    LightsArgument,
    MeteringOption,
    OnFailure,
    OnFailureOption,
    RetakesOption,
    TriggerOption,
)
from tetherlight.errors import RecipeExists, StoreError

if TYPE_CHECKING:
    from tetherlight import SyncClient, recipes
    from tetherlight.files import durable
    from tetherlight.protocol import recipes as table
    from tetherlight.protocol.models import ConfigEntry
    from tetherlight.protocol.recipes import Recipe
else:
    recipes = Later("tetherlight.recipes")
    table = Later("tetherlight.protocol.recipes")
    durable = Later("tetherlight.files.durable")

app = typer.Typer(
    help="Keep what a kind of object is captured with, and capture by it.", no_args_is_help=True, rich_markup_mode=None
)
Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Its name, or the beginning of it if no other fits.", autocompletion=completion.recipes
    ),
]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Also where there is one of that name.")]
COMMON = ("shutterspeed", "aperture", "iso", "whitebalance", "imageformat")
"""Settings that a recipe gets as they are, by the names that every brand understands."""
SAID_BY_RECIPE = (
    "lights",
    "ambient",
    "focus",
    "exposure",
    "axis",
    "level",
    "metering",
    "trigger",
    "retakes",
    "on_failure",
)
MOST_BYTES = 20_000_000
STREAM = "-"


@app.command("list")
def list_recipes(context: typer.Context) -> None:
    """List the recipes by name."""
    with connected(context) as rig:
        listed = rig.recipes()
    rows = [(one.name, frames_of(one), ", ".join(_values(one)[:4]), one.camera_model) for one in listed.recipes]
    if options_of(context).json:
        show_json(listed)
    else:
        show(context, listed, ("RECIPE", "TAKES", "SETTINGS", "CAMERA"), rows, empty="There is no recipe yet.")
    for fault in listed.faults:
        note(f"Warning: {fault.file}: {fault.message}")


@app.command("show")
def show_recipe(context: typer.Context, name: Name) -> None:
    """Show a recipe, and where the selected camera is set otherwise now."""
    with connected(context) as rig:
        recipe = found(rig, name)
        entries = rig.list_config() if rig.server.selected is not None else []
    if options_of(context).json:
        show_json(recipe)
        return
    typer.echo(recipe.name)
    print_table(("", ""), [(label, value) for label, value in _plan(recipe)])
    if recipe.settings:
        rows = [(key, str(value), _now(entries, key)) for key, value in recipe.settings.items()]
        print_table(("SETTING", "RECIPE", "NOW"), rows)


@app.command("save")
def save_recipe(  # noqa: PLR0917 - typer reads the options off the parameters
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called, such as 'Coins, f/8'.")],
    lights: LightsArgument = None,
    camera: CameraOption = None,
    preset: Annotated[bool, typer.Option("--preset", help="Keep settings of the camera alone.")] = False,
    setting: Annotated[
        list[str] | None,
        typer.Option(metavar="ENTRY[=VALUE]", help="A further setting, as it is now or with this value."),
    ] = None,
    prefix: Annotated[str | None, typer.Option("--name", help="How the names of its sets begin.")] = None,
    ambient: AmbientOption = False,
    on_failure: OnFailureOption = OnFailure.FAIL,
    retakes: RetakesOption = 1,
    metering: MeteringOption = None,
    trigger: TriggerOption = None,
    notes: Annotated[str | None, typer.Option(help="Kept with each set.")] = None,
    focus: axes.FocusOption = None,
    exposure: axes.ExposureOption = None,
    axis: axes.AxisOption = None,
    level: LevelsOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Keep a recipe: shutter, aperture, ISO, white balance and format as the camera has them now, lights and axes."""
    made: dict[str, Any] = {"name": name}
    if not preset:
        made |= {"set_name_prefix": prefix, "notes": notes, "on_failure": on_failure.value, "retakes": retakes}
        made |= {"metering": metering.value if metering else None, "trigger": trigger.value if trigger else None}
    grid = axes.Grid(focus, exposure, axis, ambient=ambient, levels=level)
    with connected(context) as rig:
        made["settings"] = _settings(rig, choose_camera(rig, camera), setting or [])
        if not preset:
            made |= _wire(grid.with_lights(list(lights or rig.lights().states)))
        kept = rig.save_recipe(made, replace=replace)
    say(context, kept, f"Recipe '{kept.name}' kept: {frames_of(kept)}, {', '.join(_values(kept)) or 'no settings'}.")


@app.command("apply")
def apply_recipe(context: typer.Context, name: Name, camera: CameraOption = None) -> None:
    """Set the camera as a recipe says, and capture nothing."""
    with connected(context) as rig:
        applied = rig.apply_recipe(name, camera_id=choose_camera(rig, camera))
    say(context, applied, applied.message)


@app.command("delete")
def delete_recipe(context: typer.Context, name: Annotated[str, typer.Argument(help="Its whole name.")]) -> None:
    """Remove a recipe."""
    with connected(context) as rig:
        gone = rig.delete_recipe(name)
    say(context, gone, f"Recipe '{gone.name}' deleted.")


@app.command("export")
def export_recipes(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which ones; all where none is named.", autocompletion=completion.recipes),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else they are printed.")
    ] = None,
) -> None:
    """Write recipes to a file that another rig can import."""
    with connected(context) as rig:
        known = rig.recipes().recipes
    chosen = [table.meant(known, name) for name in names] if names else known
    content = recipes.written(chosen)
    if output is None:
        typer.echo(content.decode(), nl=False)
        return
    with durable.store_errors(f"'{output}' could not be written"):
        durable.write_atomically(output, content)
    say(context, {"file": str(output), "recipes": [one.name for one in chosen]}, f"{_count(chosen)} in {output} {HERE}")


@app.command("import")
def import_recipes(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export; - reads standard input.")],
    replace: ReplaceOption = False,
) -> None:
    """Bring the recipes of a file to the server; those whose names are taken stay as they are there."""
    given = _read(file)
    kept: list[str] = []
    taken: list[str] = []
    with connected(context) as rig:
        for recipe in given:
            try:
                kept.append(rig.save_recipe(recipe, replace=replace).name)
            except RecipeExists:
                taken.append(recipe.name)
    if taken:
        note(f"There already: {', '.join(taken)}. --replace takes those of the file.")
    say(context, {"imported": kept, "there_already": taken}, f"{_count(kept)} imported.")
    if taken:
        raise typer.Exit(FAILED)


def found(rig: "SyncClient", name: str) -> "Recipe":
    """Return a recipe by its name or its beginning; raise RecipeNotFound."""
    return table.meant(rig.recipes().recipes, name)


def refuse_beside(context: typer.Context) -> None:
    """Refuse options that say what a recipe says; raise BadParameter."""
    for name in SAID_BY_RECIPE:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            what = "Lights are" if name == "lights" else f"--{name.replace('_', '-')} is"
            raise typer.BadParameter(f"{what} said by the recipe; leave that out, or --recipe.")


def frames_of(recipe: "Recipe") -> str:
    """Say in a few words what a recipe takes."""
    if recipe.axes is not None:
        return " x ".join(axis.axis for axis in recipe.axes)
    if recipe.light_sequence is None:
        return "settings alone"
    count = len(recipe.light_sequence)
    return f"{count} light{'' if count == 1 else 's'}{' + ambient' if recipe.ambient else ''}"


def _wire(plan: dict[str, Any]) -> dict[str, Any]:
    """Return what options say of lights and axes in the words of a request."""
    said = {name: value for name, value in plan.items() if value is not None}
    if "focus" in said:
        count, step = said["focus"]
        said["focus"] = {"count": count, "step": step}
    return said


def _settings(rig: "SyncClient", camera_id: str, wanted: list[str]) -> dict[str, Any]:
    known = {one.alias: one.value for one in rig.list_config(camera_id=camera_id) if not one.readonly}
    kept: dict[str, Any] = {name: known[name] for name in COMMON if known.get(name) is not None}
    for text in wanted:
        name, equals, value = text.partition("=")
        entry = rig.get_config(name.strip(), camera_id=camera_id)
        chosen = value if equals else entry.value
        if chosen is None:
            raise typer.BadParameter(f"The camera says no value of '{name}'; give one: --setting {name}=VALUE.")
        kept[entry.alias or entry.name] = chosen
    return kept


def _values(recipe: "Recipe") -> list[str]:
    return [f"{name.rpartition('/')[2]} {value}" for name, value in recipe.settings.items()]


def _plan(recipe: "Recipe") -> Iterator[tuple[str, str]]:
    yield "Takes", frames_of(recipe)
    if recipe.light_sequence is not None:
        order = [f"{one} {recipe.levels[one]:.0%}" if one in recipe.levels else one for one in recipe.light_sequence]
        yield "Lights", ", ".join(order)
    for axis in recipe.axes or ():
        values = axis.values if axis.values is not None else axis.count
        yield f"Axis {axis.axis}", str(values)
    if recipe.focus is not None:
        yield "Focus", str(recipe.focus.values or f"{recipe.focus.count} places, {recipe.focus.step} apart")
    if recipe.exposure is not None:
        yield "Exposure", ", ".join(map(str, recipe.exposure))
    if recipe.takes_set:
        yield "Failed step", "pauses the set" if recipe.on_failure == "pause" else "ends the set"
        yield "Retakes", str(recipe.retakes)
    named = (("Metering", recipe.metering), ("Trigger", recipe.trigger))
    for label, value in (*named, ("Name", recipe.set_name_prefix), ("Notes", recipe.notes)):
        if value:
            yield label, value
    if recipe.camera_model:
        yield "Camera", recipe.camera_model


def _now(entries: "list[ConfigEntry]", name: str) -> str:
    entry = next((one for one in entries if name in {one.path, one.alias, one.name}), None)
    return "-" if entry is None else str(entry.value)


def _read(file: Path) -> "list[Recipe]":
    try:
        if str(file) == STREAM:
            return recipes.parsed(sys.stdin.buffer.read(MOST_BYTES))
        return recipes.parsed(durable.read_regular(file, most=MOST_BYTES, follow=True))
    except OSError as error:
        raise StoreError(f"'{file}' cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        hint = "`tetherlight recipe export` writes such files."
        raise StoreError(f"'{file}' holds no recipes: {error}.", hint=hint) from None


def _count(found: "list[Any]") -> str:
    return f"{len(found)} recipe{'' if len(found) == 1 else 's'}"
