"""How captures and sets are called."""
