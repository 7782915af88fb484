"""Every action of the protocol, whoever asks: one handler each, and the way from a request to its reply."""
