"""What a plan can vary: each axis is a small class that knows its values, how they are had, and how they are undone."""
