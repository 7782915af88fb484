"""Figures for a program that watches the rig, such as Prometheus."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import Response

from tetherlight.errors import NotInstalled
from tetherlight.protocol.routes import METRICS
from tetherlight.server.replies import error_response
from tetherlight.server.state import ServerState, server_state

if TYPE_CHECKING:
    from tetherlight.bridges.metrics.collector import Figures


async def metrics(request: Request) -> Response:
    """Give all figures, as they stand now; what makes them is loaded by the first who asks."""
    state, keeper = server_state(request.scope), request.app.state
    if getattr(keeper, "figures", None) is None:
        try:
            keeper.figures = await asyncio.to_thread(_figures, state)
        except ModuleNotFoundError as error:
            if (known := NotInstalled.of(error)) is None:
                raise
            return error_response(known)
    text = await cast("Figures", keeper.figures).text()
    return Response(text, headers={"Cache-Control": "no-store"}, media_type=METRICS.answer)


def _figures(state: ServerState) -> "Figures":
    found: Figures = import_module("tetherlight.bridges.metrics.collector").Figures(
        state.rig, lambda: state.bridges.statuses, lambda: len(state.clients)
    )
    return found
