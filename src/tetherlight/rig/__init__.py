"""The rig: it owns the cameras, the lights, the store and the jobs."""
