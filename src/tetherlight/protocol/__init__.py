"""The wire protocol: everything a client needs to know, and no I/O."""
