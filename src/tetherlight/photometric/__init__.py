"""Photometric sets: sequences, calibration and reconstruction."""
