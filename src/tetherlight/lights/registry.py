"""Which kinds of lamps there are: one for each file of `drivers/`, and those that other packages bring.

A package brings one by an entry point of the group `tetherlight.lamps`, which names a LampKind.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

from tetherlight.errors import InvalidSetting
from tetherlight.lights import drivers
from tetherlight.lights.lamps import LampKind

GROUP = "tetherlight.lamps"


def find_kind(name: str) -> LampKind:
    """Return the kind of this name, of ours before others'; raise InvalidSetting naming those that there are."""
    ours = {kind.name: kind for kind in _ours()}
    if name in ours:
        return ours[name]
    others = {point.name: point for point in entry_points(group=GROUP)}
    if name not in others:
        known = ", ".join(sorted({*ours, *others}, key=str.casefold))
        raise InvalidSetting(f"The rig file names the lamp driver '{name}', and this system has only {known}.")
    return _loaded(others[name])


def _ours() -> Iterator[LampKind]:
    """Give the kinds of `drivers/` whose libraries this system has."""
    for module in pkgutil.iter_modules(drivers.__path__):
        try:
            yield importlib.import_module(f"{drivers.__name__}.{module.name}").KIND
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("tetherlight"):
                raise


def _loaded(point: EntryPoint) -> LampKind:
    package = point.dist.name if point.dist is not None else "another package"
    try:
        kind = point.load()
    except Exception as error:
        raise InvalidSetting(f"The lamp driver '{point.name}' of {package} cannot be loaded: {error}.") from error
    if not isinstance(kind, LampKind):
        raise InvalidSetting(f"The lamp driver '{point.name}' of {package} is no LampKind.")
    return kind
