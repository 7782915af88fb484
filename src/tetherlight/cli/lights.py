"""`tetherlight lights list|on|off|walk`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion
from tetherlight.cli.levels import LevelOption, level_of
from tetherlight.cli.options import connected, note, options_of
from tetherlight.cli.output import show

if TYPE_CHECKING:
    from tetherlight.protocol.lights import LightStates

app = typer.Typer(help="Switch the lights of the rig.", no_args_is_help=True, rich_markup_mode=None)

Names = Annotated[list[str] | None, typer.Argument(help="Lights by name.", autocompletion=completion.lights)]


@app.command("list")
def list_lights(context: typer.Context) -> None:
    """List the lights and whether they are on."""
    with connected(context) as rig:
        _show(context, rig.lights())


@app.command("on")
def switch_on(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(help="Lights by name.", autocompletion=completion.lights)],
    only: Annotated[bool, typer.Option("--only", help="Switch all others off.")] = False,
    level: LevelOption = None,
) -> None:
    """Switch lights on, all of them in one step."""
    levels = None if level is None else dict.fromkeys(names, level_of(level))
    with connected(context) as rig:
        _show(context, rig.set_lights(dict.fromkeys(names, True), levels=levels, others_off=only))


@app.command("off")
def switch_off(context: typer.Context, names: Names = None) -> None:
    """Switch lights off, all of them where none is named."""
    with connected(context) as rig:
        _show(context, rig.set_lights(dict.fromkeys(names or (), False), others_off=not names))


@app.command("walk")
def walk(
    context: typer.Context,
    names: Names = None,
    seconds: Annotated[float, typer.Option(min=0.0, max=600.0, help="How long each light is on.")] = 1.0,
) -> None:
    """Switch one light on after the other, to see that each is where it should be; all are off at the end."""
    with connected(context) as rig:
        walked = list(names or rig.lights().states)
        try:
            for number, name in enumerate(walked, start=1):
                rig.set_lights({name: True}, others_off=True)
                note(f"{number} of {len(walked)}: {name}")
                time.sleep(seconds)
        except KeyboardInterrupt:
            note("Interrupted; all lights go off.")
        finally:
            states = rig.set_lights({}, others_off=True)
        if options_of(context).json:
            _show(context, states)


def _show(context: typer.Context, states: "LightStates") -> None:
    rows = [
        (light.name, _state(states.levels.get(light.name, float(light.state))), light.pin, light.group, light.fault)
        for light in states.lights
    ]
    show(context, states, ("LIGHT", "STATE", "PIN", "GROUP", "FAULT"), rows, empty="The rig has no lights.")
    if states.message and not options_of(context).json:
        note(states.message)


def _state(level: float) -> str:
    return "off" if level <= 0 else "on" if level >= 1 else f"{level:.1%}".replace(".0%", "%")
