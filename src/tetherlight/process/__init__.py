"""A child process that may be killed at any moment, and the wire to it."""
