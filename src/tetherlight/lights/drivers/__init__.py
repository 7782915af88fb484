"""One module for each way to switch lamps."""
