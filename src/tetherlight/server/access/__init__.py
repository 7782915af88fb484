"""Who may come in, and how long they may take for what."""
