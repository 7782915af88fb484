"""Transport: WebSocket and HTTP in front of a rig."""
