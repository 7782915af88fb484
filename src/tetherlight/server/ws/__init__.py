"""The WebSocket endpoint and the clients behind it."""
