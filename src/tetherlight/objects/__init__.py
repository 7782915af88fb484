"""The queue of objects as files: lists that are read, where the queue stands, what was done each day, codes."""
