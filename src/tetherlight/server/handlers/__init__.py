"""One handler for each action of the protocol."""
