"""Hooks: programs that are run and addresses that are told when something happens, as the rig file wants it.

Each hook has a queue and a task of its own: one that hangs or lags loses its own events, and holds up nothing else.
"""
