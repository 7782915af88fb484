"""Handlers of the actions on series of captures."""

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.captures import CAPTURE_SERIES, CaptureSeries, SeriesResult


async def capture_series(context: Context, payload: CaptureSeries) -> SeriesResult:
    """Run a series and answer when it has ended; it goes on when the client leaves."""
    requester, request_id = context.caller.id, context.request.request_id
    job = await context.rig.start_series(payload, requester=requester, request_id=request_id)
    return await job.result()


PAIRS: tuple[Pair, ...] = (bind(CAPTURE_SERIES, capture_series),)
