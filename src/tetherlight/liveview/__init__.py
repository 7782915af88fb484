"""Live view: the newest frame of a camera for any number of viewers."""
