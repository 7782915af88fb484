"""Files as such: opened, written, renamed, safe on the disk; which names are free; which files are images."""
