"""Benchmarks: each measures Tetherlight and a comparator in the same run, in turn, and gives ratios."""
