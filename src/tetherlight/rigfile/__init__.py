"""The rig file: cameras, lights and templates of names, read and edited."""
