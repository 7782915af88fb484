"""Handlers of the actions that measure lamps."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.measurement import MEASURE_LIGHTS, LightMeasurement, MeasureLights


async def measure_lights(context: Context, payload: MeasureLights) -> LightMeasurement:
    """Measure lights and answer when that is done; it goes on when the client leaves."""
    context.may_begin(apply=payload.apply)
    job = await context.rig.measurements.start(payload)
    return await job.result()


PAIRS: tuple[Pair, ...] = (bind(MEASURE_LIGHTS, measure_lights),)
