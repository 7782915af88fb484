"""The table of features, made of the rows that name one: actions, events, routes."""

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.events import EVENTS
from tetherlight.protocol.names import Feature
from tetherlight.protocol.routes import ROUTES


def _brought() -> Mapping[Feature, tuple[str, ...]]:
    found: dict[Feature, list[str]] = defaultdict(list)
    for rows in (ACTIONS, EVENTS, ROUTES):
        for name, row in rows.items():
            if row.feature is not None:
                found[row.feature].append(name)
    return {feature: tuple(names) for feature, names in found.items()}


BROUGHT: Mapping[Feature, tuple[str, ...]] = MappingProxyType(_brought())
"""The names of the rows that each feature brings."""
FEATURES: Mapping[str, Feature] = MappingProxyType({feature.name: feature for feature in BROUGHT})
