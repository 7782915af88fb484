"""Handlers of the actions on single captures."""

from tetherlight.server.context import Pair

PAIRS: tuple[Pair, ...] = ()
