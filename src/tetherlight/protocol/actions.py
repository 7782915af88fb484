"""The table of actions: the one place that says what can be asked of the server."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tetherlight.errors import UnknownAction
from tetherlight.protocol import (
    calibration,
    cameras,
    captures,
    jobs,
    lights,
    measurement,
    recipes,
    results,
    server,
    sets,
    together,
    trash,
)
from tetherlight.protocol.action import Action

_TABLES = (
    cameras, together, captures, lights, sets, recipes, results, trash, jobs, server, calibration, measurement,
)  # fmt: skip
ACTIONS: Mapping[str, Action[Any, Any]] = MappingProxyType(
    {action.name: action for module in _TABLES for action in vars(module).values() if isinstance(action, Action)}
)


def find_action(name: str) -> Action[Any, Any]:
    """Return the action of this name in any case; raise UnknownAction."""
    try:
        return ACTIONS[name.upper()]
    except KeyError:
        raise UnknownAction(f"Unknown action '{name[:100]}'.") from None
