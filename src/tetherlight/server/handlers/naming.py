"""Handlers of the actions on names."""

from tetherlight.server.context import Pair

PAIRS: tuple[Pair, ...] = ()
