"""Cameras: one worker process each, behind an asynchronous object."""
