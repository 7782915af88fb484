"""Lights: named switchable sources, and the drivers of their lamps."""

from tetherlight.lights.lights import Lights
from tetherlight.rigfile.rigfile import RigFile

__all__ = ["Lights", "RigFile"]
