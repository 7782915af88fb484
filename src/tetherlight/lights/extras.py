"""Libraries that only some kinds of lamps need."""

import importlib
from types import ModuleType

from tetherlight.errors import InvalidSetting


def need(module: str, driver: str, extra: str) -> ModuleType:
    """Import what a driver needs; raise InvalidSetting saying what to install."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InvalidSetting(
            f"The rig file asks for the lamp driver {driver}, whose library is not installed.",
            hint=f"pip install 'tetherlight[{extra}]'",
        ) from None
