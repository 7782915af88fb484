"""Long work in steps, which can be paused, resumed and cancelled."""
