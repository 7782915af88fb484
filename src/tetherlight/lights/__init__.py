"""Lights: named switchable sources, and the drivers of their lamps."""
