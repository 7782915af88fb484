"""Names that types need written out, apart from the models: commands show them without loading those."""

from typing import Literal

Topic = Literal["camera", "config", "lights", "job", "sets", "storage"]
