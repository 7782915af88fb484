"""What lies in the trash, as people look at it: how much it is, and how it comes back."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tetherlight.files.types import is_image, standing_for
from tetherlight.protocol.trash import TrashEmptied, TrashItem, TrashKind, TrashList
from tetherlight.store.store import Store
from tetherlight.store.trash import Deleted, Trash

COUNTED = {"set": ("set", "sets"), "capture": ("capture", "captures")}


def listed(store: Store, kind: TrashKind | None, limit: int) -> TrashList:
    """Return what can be brought back, what was deleted last first; only so many are looked at more closely."""
    store.places.require_there()
    found = [(one, its) for its, trash in _trashes(store, kind) for one in trash]
    found.sort(key=lambda pair: pair[0].deleted_at, reverse=True)
    items = [_item(store, one, its) for one, its in found[:limit]]
    return TrashList(items=items, total=len(found), size=sum(item.size for item in items))


def emptied(store: Store, kind: TrashKind | None) -> TrashEmptied:
    """Remove for good what lies there now; say what that was."""
    store.places.require_there()
    counts: dict[str, int] = {}
    size = 0
    for its, trash in _trashes(store, kind):
        for one in list(trash):
            weight = sum(bytes_ for _, bytes_ in _files(one))
            if trash.remove(one, "asked"):
                counts[its] = counts.get(its, 0) + 1
                size += weight
    words = [f"{count} {COUNTED[its][count != 1]}" for its, count in counts.items()]
    total = sum(counts.values())
    were = "was" if total == 1 else "were"
    message = f"{' and '.join(words)} {were} removed for good." if words else "The trash was empty."
    return TrashEmptied(message=message, count=total, size=size)


def _trashes(store: Store, kind: TrashKind | None) -> list[tuple[TrashKind, Trash]]:
    both: list[tuple[TrashKind, Trash]] = [("set", store.sets.trash), ("capture", store.captures.trash)]
    return [(its, trash) for its, trash in both if kind in {None, its}]


def _item(store: Store, one: Deleted, kind: TrashKind) -> TrashItem:
    files = list(_files(one))
    images = [name for name, _ in files if is_image(name)]
    standing = standing_for(sorted(images)) if kind == "capture" else None
    return TrashItem(
        kind=kind,
        name=one.name,
        deleted_at=one.deleted_at,
        stays_until=_later(one, store.trash_age),
        size=sum(size for _, size in files),
        image_count=len(images),
        image_path=None if standing is None else store.places.wire(store.places.captures_dir / standing),
    )


def _later(one: Deleted, age: timedelta) -> datetime:
    try:
        return one.deleted_at + age
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _files(one: Deleted) -> Iterator[tuple[str, int]]:
    """Go through the files of what was deleted: name and bytes."""
    for inner, _, names in os.walk(one.path):
        for name in names:
            try:
                yield name, os.lstat(f"{inner}/{name}").st_size
            except OSError:  # restored or removed meanwhile
                continue
