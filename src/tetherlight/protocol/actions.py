"""The table of actions: the one place that says what can be asked of the server."""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from tetherlight.errors import UnknownAction
from tetherlight.protocol import (
    calibration,
    cameras,
    captures,
    jobs,
    lights,
    measurement,
    objects,
    recipes,
    results,
    server,
    set_lists,
    sets,
    together,
    trash,
)
from tetherlight.protocol.action import Action

GROUPS: Mapping[str, ModuleType] = MappingProxyType(
    {
        "Cameras and live view": cameras,
        "Several cameras in one moment": together,
        "Single captures, series and names": captures,
        "Lights": lights,
        "Calibration of lights": calibration,
        "Measurement of lamps": measurement,
        "Sets and images": sets,
        "Lists and searches": set_lists,
        "What is computed of sets": results,
        "Recipes": recipes,
        "Objects": objects,
        "The trash": trash,
        "Jobs": jobs,
        "The server": server,
    }
)
"""The modules of actions, under the headings that the reference gives them."""
ACTIONS: Mapping[str, Action[Any, Any]] = MappingProxyType(
    {
        action.name: action
        for module in GROUPS.values()
        for action in vars(module).values()
        if isinstance(action, Action)
    }
)


def find_action(name: str) -> Action[Any, Any]:
    """Return the action of this name in any case; raise UnknownAction."""
    try:
        return ACTIONS[name.upper()]
    except KeyError:
        raise UnknownAction(f"Unknown action '{name[:100]}'.") from None
