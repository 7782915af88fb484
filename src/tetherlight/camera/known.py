"""The cameras that a rig knows: what they are called, in which order they stand, and what tells them apart.

A serial number tells a camera from all others, unless two bodies were seen with the same one. A body without one is
told by its place alone: that nothing speaks against it is no evidence that it is the same.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from tetherlight.camera.identity import FoundCamera, named
from tetherlight.protocol.models import CameraState


class OpenCamera(Protocol):
    """What is asked of a camera that is open."""

    @property
    def found(self) -> FoundCamera:
        """How and where it was found last."""

    @property
    def serial(self) -> str | None:
        """The serial number that it states itself."""

    @property
    def state(self) -> CameraState:
        """Whether it is there."""


class KnownCameras:
    """All cameras that were ever seen or opened, in the order in which they came; each keeps its camera_id."""

    def __init__(self, opened: Callable[[], Collection[OpenCamera]] = tuple) -> None:
        self._opened = opened
        self._known: dict[str, FoundCamera] = {}
        self._stated: dict[str, str | None] = {}
        self._doubled: set[tuple[str, str]] = set()
        self._shown: set[str] = set()
        """Open cameras that have shown that they are there since those beside them were found."""
        self._there: frozenset[str] = frozenset()

    def __contains__(self, camera_id: str) -> bool:
        return camera_id in self._known

    def __iter__(self) -> Iterator[FoundCamera]:
        """Give those that are open or were there when last looked for, in their order."""
        opened = {one.found.camera_id for one in self._opened()}
        return iter([one for one in self._known.values() if one.camera_id in opened | self._there])

    def trusts(self, model: str, serial: str | None) -> bool:
        """Tell whether this serial number tells the camera from all others of its model."""
        return serial is not None and (model, serial) not in self._doubled

    def alone(self, camera_id: str) -> bool:
        """Tell whether no other camera of the same model is known."""
        mine = self._known.get(camera_id)
        return mine is None or sum(one.model == mine.model for one in self._known.values()) == 1

    @staticmethod
    def rivals(camera: OpenCamera, found: Sequence[FoundCamera]) -> list[FoundCamera]:
        """Return what was found that may be this open camera, unless that shows that it is still where it was."""
        numbers = {camera.found.serial, camera.serial}
        ready = camera.state is CameraState.READY
        return [one for one in found if ready and one.model == camera.found.model and one.serial in numbers]

    def doubled(self, camera: OpenCamera, found: Sequence[FoundCamera]) -> None:
        """Hear that an open camera is there while others that look like it were found elsewhere."""
        self._doubled |= {(one.model, one.serial) for one in self.rivals(camera, found) if one.serial is not None}
        self._shown.add(camera.found.camera_id)

    def newly_doubled(self, found: Sequence[FoundCamera]) -> set[tuple[str, str]]:
        """Return the model and serial number of what was found twice at once and was not known to be doubled."""
        often = Counter((one.model, one.serial) for one in found)
        return {(model, serial) for (model, serial), count in often.items() if serial and count > 1} - self._doubled

    def look(self, found: Sequence[FoundCamera]) -> None:
        """Take note of what was found besides the open cameras, and name what is new."""
        self._doubled |= self.newly_doubled(found)
        opened = {one.found.camera_id: one for one in self._opened()}
        there = set()
        for one in found:
            known = self._which(one, found)
            rival = opened.get(known) if known else None
            if rival is not None and (rival.state is not CameraState.READY or known not in self._shown):
                continue  # it is the open one, on its way back, or may be
            if known is None or rival is not None or known in there:
                known = self._new(one)
            self._known[known] = replace(one, camera_id=known)
            there.add(known)
        self._there = frozenset(there)
        self._shown.clear()

    def opened(self, found: FoundCamera, serial: str | None) -> None:
        """Hear that a camera was opened, and which serial number it states."""
        open_now = {one.found.camera_id for one in self._opened()}
        for other in [one for one in self._known.values() if one.camera_id != found.camera_id]:
            alike = other.model == found.model
            same_number = alike and serial is not None and serial in self._serials(other)
            same_place = (other.model, other.serial, other.place) == (found.model, found.serial, found.place)
            if same_place and other.camera_id not in open_now:
                self._forget(other.camera_id)  # it was listed under a new name before somebody said who it is
            elif same_number and other.camera_id in open_now | self._there:
                self._doubled.add((found.model, str(serial)))
            elif same_number:
                self._forget(other.camera_id)  # it moved before it could state who it is
        self._known[found.camera_id] = found
        self._stated[found.camera_id] = serial
        self._there -= {found.camera_id}

    def closed(self, camera: OpenCamera) -> None:
        """Hear that a camera is about to be closed; one that was there is so until somebody looks."""
        found = self._known[camera.found.camera_id] = camera.found
        if camera.state is CameraState.READY:
            self._there |= {found.camera_id}

    def there(self) -> frozenset[FoundCamera]:
        """Return the cameras that are not open and were found when last looked for."""
        return frozenset(self._known[camera_id] for camera_id in self._there)

    def _forget(self, camera_id: str) -> None:
        del self._known[camera_id]
        self._stated.pop(camera_id, None)
        self._there -= {camera_id}

    def _serials(self, one: FoundCamera) -> set[str | None]:
        return {one.serial, self._stated.get(one.camera_id)}

    def _which(self, one: FoundCamera, found: Sequence[FoundCamera]) -> str | None:
        """Return the id of the known camera that this is; None where it is a new one, or may be."""
        alike = [known for known in self._known.values() if known.model == one.model]
        if self.trusts(one.model, one.serial):
            same = [known for known in alike if one.serial in self._serials(known)]
        else:
            alike = [known for known in alike if known.serial == one.serial]
            same = [known for known in alike if known.place == one.place]
            lonely = self.alone(alike[0].camera_id) if alike else False
            if not same and lonely and sum(other.model == one.model for other in found) == 1:
                same = alike
        return same[0].camera_id if same else None

    def _new(self, one: FoundCamera) -> str:
        wanted = named(one, by_serial=self.trusts(one.model, one.serial)).camera_id
        if wanted in self._known:
            wanted = named(one, by_serial=False).camera_id
        name, number = wanted, 2
        while name in self._known:
            name, number = f"{wanted}-{number}", number + 1
        return name
