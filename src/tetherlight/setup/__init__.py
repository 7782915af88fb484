"""What a machine needs once so that it can run a rig: done, told and undone step by step."""

from tetherlight.setup.machine import Machine
from tetherlight.setup.plan import planned, set_up, take_back

__all__ = ["Machine", "planned", "set_up", "take_back"]
