"""The child process that holds one camera, and the one that looks for cameras: the only room with libgphoto2."""
