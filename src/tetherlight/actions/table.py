"""Which handler answers which action."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tetherlight.actions import (
    calibration,
    cameras,
    captures,
    jobs,
    lights,
    measurement,
    naming,
    objects,
    recipes,
    results,
    series,
    server,
    set_lists,
    sets,
    together,
    trash,
)
from tetherlight.actions.context import Handler

HANDLERS: Mapping[str, Handler[Any, Any]] = MappingProxyType(
    {
        action.name: handler
        for pairs in (
            cameras.PAIRS,
            together.PAIRS,
            captures.PAIRS,
            series.PAIRS,
            naming.PAIRS,
            lights.PAIRS,
            set_lists.PAIRS,
            sets.PAIRS,
            recipes.PAIRS,
            objects.PAIRS,
            results.PAIRS,
            calibration.PAIRS,
            measurement.PAIRS,
            trash.PAIRS,
            jobs.PAIRS,
            server.PAIRS,
        )
        for action, handler in pairs
    }
)
