"""A PTP/IP camera program with a scene that the rig's lights really light."""
