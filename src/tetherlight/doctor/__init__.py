"""The doctor: what is wrong with the machine around a rig, and what mends it."""

from tetherlight.doctor.diagnose import diagnose, examine

__all__ = ["diagnose", "examine"]
