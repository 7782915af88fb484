"""The log: how it looks, where it goes, and its newest lines in memory."""
