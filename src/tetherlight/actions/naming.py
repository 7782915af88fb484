"""Handlers of the actions on names."""

import contextlib

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.camera.camera import Camera
from tetherlight.errors import NoCameraSelected
from tetherlight.protocol.captures import GET_NAMING, SET_NAMING, Naming, NamingTemplates
from tetherlight.rig.rig import Rig


async def get_naming(context: Context, payload: NamingTemplates) -> Naming:
    """Tell how things are called, or would be."""
    return await context.rig.names.show(payload, await _camera(context.rig))


async def set_naming(context: Context, payload: NamingTemplates) -> Naming:
    """Call things otherwise from now on."""
    return await context.rig.names.keep(payload, await _camera(context.rig))


async def _camera(rig: Rig) -> Camera | None:
    """Return the camera that examples are about: the selected one, else any that is open."""
    with contextlib.suppress(NoCameraSelected):
        return await rig.cameras.find()
    return next(iter(rig.cameras.open), None)


PAIRS: tuple[Pair, ...] = (
    bind(GET_NAMING, get_naming),
    bind(SET_NAMING, set_naming),
)
