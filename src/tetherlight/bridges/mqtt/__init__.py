"""The MQTT bridge: the rig's state to a broker, Home Assistant's discovery, and commands from there."""
