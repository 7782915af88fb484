"""Pictures that never were on a card: libgphoto2 holds them, and of two with one name the later one only."""

import logging
from collections import Counter, OrderedDict
from pathlib import PurePosixPath

from tetherlight.camera.worker.gphoto import Device, gp

logger = logging.getLogger(__name__)
FOLDER = "/"
"""Where libgphoto2 shows them."""
MOST = 64
"""How many are held; a server that does not want them asks for none, and the oldest make way."""


class MemoryPictures:
    """Takes each picture out of libgphoto2 when it is announced, and gives it a path that no other one has."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, gp.CameraFile] = OrderedDict()
        self._announced: Counter[str] = Counter()
        self._stuck: set[str] = set()
        """Names under which libgphoto2 keeps a picture whatever it is told."""

    def announced(self, camera: Device, name: str) -> str | None:
        """Take a picture over; return its path, or None where it is one that was announced before.

        A name may come again for another picture, and another time for the same one: that one is here already.
        """
        again = self._announced[name]
        if again and name in self._stuck:
            logger.warning("Two pictures in the camera's memory may be called %s; of these the later one is had.", name)
            return None
        try:
            file = camera.file_get(FOLDER, name, gp.GP_FILE_TYPE_NORMAL)
        except gp.GPhoto2Error:
            # One that was announced before is here already; of another one, who fetches it hears what is wrong.
            return None if again else f"{FOLDER}{name}"
        try:
            camera.file_delete(FOLDER, name)
        except gp.GPhoto2Error:
            self._stuck.add(name)
        self._announced[name] += 1
        path = FOLDER + (_numbered(name, again + 1) if again else name)
        self._held[path] = file
        if len(self._held) > MOST:
            dropped, _ = self._held.popitem(last=False)
            logger.warning("%s was not fetched and is given up: %d later pictures are held.", dropped, MOST)
        return path

    def file(self, path: str) -> gp.CameraFile | None:
        """Return a picture that is held."""
        return self._held.get(path)

    def forget(self, path: str) -> bool:
        """Let go of a picture; return whether it was held."""
        return self._held.pop(path, None) is not None

    def clear(self) -> None:
        """Let go of all: another session begins."""
        self._held.clear()
        self._announced.clear()
        self._stuck.clear()


def _numbered(name: str, number: int) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}-{number}{path.suffix}"
