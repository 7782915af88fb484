"""Moving a lens's focus, which each maker's cameras want said in other words."""

from tetherlight.camera.camera import Camera

STRIDES = (20, 150, 1000)
"""What small, middle and large steps are for cameras that count motor steps."""


async def drive_focus(camera: Camera, step: int) -> None:
    """Move the focus by a step from -3 (far towards near) to 3; raise ConfigNotFound where the camera cannot."""
    (entry,) = await camera.get_config("manualfocusdrive")
    if step == 0:
        return
    if entry.options:
        await camera.set_config(entry.name, f"{'Near' if step < 0 else 'Far'} {abs(step)}")
    else:
        stride = STRIDES[abs(step) - 1]
        await camera.set_config(entry.name, -stride if step < 0 else stride)


async def autofocus(camera: Camera) -> None:
    """Let the camera focus once; raise ConfigNotFound where it cannot."""
    (entry,) = await camera.get_config("autofocusdrive")
    await camera.set_config(entry.name, True)
