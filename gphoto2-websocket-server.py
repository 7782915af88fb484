"""Keeps `uvicorn gphoto2-websocket-server:app` working from a checkout."""

from tetherlight.server.app import create_app

app = create_app()
