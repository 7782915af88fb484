"""`tetherlight lights list|on|off|walk|measure`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from tetherlight.cli import completion
from tetherlight.cli.levels import LevelOption, level_of
from tetherlight.cli.options import choose_camera, connected, note, options_of
from tetherlight.cli.output import show
from tetherlight.cli.words import CameraOption

if TYPE_CHECKING:
    from tetherlight.protocol.lights import LightStates
    from tetherlight.protocol.measurement import MeasuredLight

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


@app.command("measure")
def measure(
    context: typer.Context,
    names: Names = None,
    levels: Annotated[int, typer.Option(min=0, max=32, help="Steps of the curve; 0 for no curve.")] = 8,
    apply: Annotated[bool, typer.Option("--apply", help="Write it into the rig file.")] = False,
    camera: CameraOption = None,
) -> None:
    """Measure by the live view how lights follow: how long they take, how they flicker, and their curve.

    Each is on for some seconds, alone. The camera must expose manually and show what they light.
    """
    with connected(context) as rig:
        if not options_of(context).json:
            note("The lights are measured one after the other; each takes some seconds.")
        told = rig.measure_lights(names or None, camera_id=choose_camera(rig, camera), levels=levels, apply=apply)
    rows = [_measured(one) for one in told.lights]
    show(context, told, ("LIGHT", "SETTLES", "OFF", "FLICKER", "CURVE", "PROBLEM"), rows, empty="")
    if not options_of(context).json:
        note(told.message + (" The rig file has it now." if told.applied else " Nothing was written (--apply)."))


def _measured(one: "MeasuredLight") -> tuple[str | None, ...]:
    def seconds(value: float | None) -> str | None:
        return None if value is None else f"{value:.2f} s"

    flicker = None if one.flicker is None else f"{one.flicker:.1%}"
    curve = " ".join(f"{signal:.0%}:{light:.1%}" for signal, light in one.curve or ())
    return one.light, seconds(one.settle_s), seconds(one.off_s), flicker, curve or None, one.problem


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
