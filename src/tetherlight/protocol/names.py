"""Names that stand in several tables, apart from the models: commands show them without loading those."""

from dataclasses import dataclass
from typing import Literal

Topic = Literal["camera", "config", "lights", "job", "sets", "storage", "recipes", "objects"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of a server that older ones lack: the word by which clients learn of it, and what it is.

    The rows that it brings name it: actions, events, routes.
    """

    name: str
    summary: str
