"""Figures of the rig in the form of Prometheus: counted where it happens, collected when somebody asks."""
