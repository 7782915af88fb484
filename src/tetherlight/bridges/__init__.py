"""Bridges: what tells other programs and networks of the rig, and asks it for them.

A bridge is an asynchronous context manager that the application enters when the rig is there; `table.py` has a row for
each. It hears and asks as a Caller (`actions/inprocess.py`), with the rights that the rig file gives it. Nothing waits
for a bridge: neither the start of the server nor a capture.
"""
