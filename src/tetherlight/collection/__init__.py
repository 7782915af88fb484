"""What was captured and how it is called, as clients know it: every change is told."""
