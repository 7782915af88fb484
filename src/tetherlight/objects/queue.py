"""Where the queue of objects stands. Pure: each change gives another queue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from tetherlight.errors import ObjectConflict, ObjectListInvalid, ObjectNotFound
from tetherlight.protocol.objects import (
    MOST_OBJECTS,
    Left,
    ObjectList,
    ObjectStanding,
    ObjectState,
    QueuedObject,
    SelectObject,
)


@dataclass(frozen=True)
class Queue:
    """Objects in their order, and which one is before the camera."""

    objects: tuple[QueuedObject, ...] = ()
    number: str | None = None
    """Of the current one, which waits."""

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each object stands, by its catalogue number."""
        return {one.catalogue_number: place for place, one in enumerate(self.objects)}

    @property
    def current(self) -> QueuedObject | None:
        """The current object."""
        return None if self.number is None else self.objects[self.places[self.number]]

    @property
    def following(self) -> QueuedObject | None:
        """The next one that waits: behind the current one, else from the beginning."""
        place = -1 if self.number is None else self.places[self.number]
        behind = (*self.objects[place + 1 :], *self.objects[: max(place, 0)])
        return next((one for one in behind if one.state == "waiting"), None)

    def standing(self) -> ObjectStanding:
        """Tell where it stands."""
        return ObjectStanding(**self._told())

    def listed(self) -> ObjectList:
        """Tell where it stands, and every object."""
        return ObjectList(objects=list(self.objects), **self._told())

    def _told(self) -> dict[str, QueuedObject | int | None]:
        states = [one.state for one in self.objects]
        counts = {state: states.count(state) for state in ("waiting", "done", "skipped")}
        return {"current": self.current, "following": self.following, **counts}

    def with_objects(self, added: Sequence[QueuedObject]) -> Self:
        """Add objects at the end; raise ObjectListInvalid where there would be too many."""
        self._require_room(len(added))
        return replace(self, objects=(*self.objects, *added))

    def selected(self, wanted: SelectObject) -> Self:
        """Make an object the current one, which waits again, or none; raise ObjectNotFound."""
        number = wanted.catalogue_number
        if number is None:
            return replace(self, number=None)
        if number not in self.places and wanted.add:
            self._require_room(1)
            place = len(self.objects) if self.number is None else self.places[self.number] + 1
            added = QueuedObject(catalogue_number=number, name=wanted.name)
            return replace(self, objects=(*self.objects[:place], added, *self.objects[place:]), number=number)
        return replace(self.with_states([number], "waiting"), number=number)

    def went_on(self, state: Left, expected: str | None) -> Self:
        """Leave the current object for the following one; raise ObjectConflict where another one is current."""
        if expected is not None and expected != self.number:
            now = "none is" if self.number is None else f"it is '{self.number}'"
            raise ObjectConflict(
                f"'{expected}' is not the current object: {now}.", hint="Look where the queue stands, then go on."
            )
        following = self.following
        left = self if self.number is None else self.with_states([self.number], state)
        return replace(left, number=None if following is None else following.catalogue_number)

    def with_states(self, numbers: Collection[str], state: ObjectState) -> Self:
        """Give objects another state; a current one that does not wait is left. Raise ObjectNotFound."""
        objects = list(self.objects)
        for number in numbers:
            place = self._place(number)
            objects[place] = objects[place].model_copy(update={"state": state})
        left = state != "waiting" and self.number in set(numbers)
        return replace(self, objects=tuple(objects), number=None if left else self.number)

    def moved(self, number: str, before: str | None) -> Self:
        """Move an object before another one, or to the end; raise ObjectNotFound."""
        one = self.objects[self._place(number)]
        others = [other for other in self.objects if other is not one]
        if before == number:
            return self
        place = len(others) if before is None else others.index(self.objects[self._place(before)])
        return replace(self, objects=(*others[:place], one, *others[place:]))

    def without(self, numbers: Collection[str] | None, state: ObjectState | None) -> Self:
        """Take objects out; raise ObjectNotFound."""
        for number in numbers or ():
            self._place(number)
        going = set(self.places if numbers is None else numbers)
        kept = tuple(
            one
            for one in self.objects
            if one.catalogue_number not in going or (state is not None and one.state != state)
        )
        here = any(one.catalogue_number == self.number for one in kept)
        return replace(self, objects=kept, number=self.number if here else None)

    def _place(self, number: str) -> int:
        try:
            return self.places[number]
        except KeyError:
            raise ObjectNotFound(
                f"The queue has no object '{number[:80]}'.", hint="See which there are (LIST_OBJECTS)."
            ) from None

    def _require_room(self, count: int) -> None:
        if len(self.objects) + count > MOST_OBJECTS:
            raise ObjectListInvalid(
                f"The queue would have {len(self.objects) + count} objects; at most {MOST_OBJECTS} are allowed.",
                hint="Remove those that are done (DELETE_OBJECTS), or import less.",
            )
