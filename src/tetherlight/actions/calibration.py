"""Handlers of the actions on the calibration of lights."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.calibration import CALIBRATE_LIGHTS, CalibrateLights, LightCalibration


async def calibrate_lights(context: Context, payload: CalibrateLights) -> LightCalibration:
    """Calibrate lights and answer when that is done; it goes on when the client leaves."""
    context.may_begin(apply=payload.apply)
    job = await context.rig.calibrations.start(payload)
    return await job.calibration()


PAIRS: tuple[Pair, ...] = (bind(CALIBRATE_LIGHTS, calibrate_lights),)
