"""Lines at the remote releases of cameras, which fire several of them in one moment."""
