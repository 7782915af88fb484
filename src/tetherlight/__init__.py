"""Tetherlight: a server for camera rigs."""
