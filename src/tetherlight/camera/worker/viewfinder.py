"""The live view of a body, ended and begun again through libgphoto2; inside the worker.

libgphoto2 begins it with the first preview and ends it, if at all, when the camera is left. Nikon's and others' bodies
are told by the entry `viewfinder`. Canon's EOS bodies have it too, but what libgphoto2 itself sets for a preview is the
entry `output`, where the picture goes: as long as that names the computer, it does not begin anew.
"""

from contextlib import suppress

from tetherlight.camera.worker.gphoto import Device, gp

TOGGLE, OUTPUT, COMPUTER = "viewfinder", "output", "PC"


class Viewfinder:
    """The live view's switch of one open camera."""

    def __init__(self, camera: Device) -> None:
        self._camera = camera
        self._to_begin = False

    def end(self, output: str | None) -> None:
        """End the live view; `output` is what Canon's entry of that name shall say. Raise GPhoto2Error."""
        self._turn(on=False)
        if output is None:
            return
        widget = self._camera.get_single_config(OUTPUT)
        if COMPUTER in str(widget.get_value()):
            widget.set_value(output)
            self._camera.set_single_config(OUTPUT, widget)
        else:
            # Of bodies whose output cannot be read, a preview alone does not begin the live view again.
            self._to_begin = True

    def begin(self) -> None:
        """Begin the live view again where a preview alone would not."""
        if self._to_begin:
            self._to_begin = False
            with suppress(gp.GPhoto2Error):
                self._turn(on=True)

    def _turn(self, *, on: bool) -> None:
        widget = self._camera.get_single_config(TOGGLE)
        widget.set_value(int(on))
        self._camera.set_single_config(TOGGLE, widget)
