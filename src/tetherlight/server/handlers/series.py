"""Handlers of the actions on series of captures."""

from tetherlight.server.context import Pair

PAIRS: tuple[Pair, ...] = ()
