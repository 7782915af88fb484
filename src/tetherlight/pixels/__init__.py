"""Image files as arrays of numbers: decoded, linearised, written."""
