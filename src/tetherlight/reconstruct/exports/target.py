"""The folder that an export is written into: what is made lies in it, and originals are copied or only named."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tetherlight.errors import ImageNotFound
from tetherlight.files.durable import make_folder, open_regular, placed, store_errors, write_atomically, write_whole
from tetherlight.store.exported import CONTENTS

CHUNK = 1 << 20


@dataclass
class Target:
    """Where an export goes. Originals are opened for reading only."""

    into: Path
    source: Path
    """The folder of the set."""
    within: Path
    copies: bool
    """Whether originals are copied; else `contents.json` names them, for who sends the export."""
    originals: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: bytes | str) -> None:
        """Write a file of the export; raise StoreError and DiskFull."""
        with store_errors(f"{name} could not be written"):
            write_atomically(self.place(name), content.encode() if isinstance(content, str) else content)

    def write_json(self, name: str, content: Any) -> None:
        """Write a file of JSON."""
        self.write(name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def place(self, name: str) -> Path:
        """Return where a file of the export lies; its folder is there."""
        path = self.into / name
        make_folder(path.parent)
        return path

    def original(self, name: str, source: str) -> tuple[str, int]:
        """Take a file of the set as it is, under a name; return its sha256 and size. Raise ImageNotFound."""
        path, size, total = self.source / source, 0, hashlib.sha256()
        with store_errors(f"{source} could not be read"):
            try:
                file = open_regular(path, within=self.within)
            except FileNotFoundError:
                raise ImageNotFound(f"'{source}' is not in the folder '{self.source.name}'.") from None
            with file:
                if self.copies:
                    with placed(self.place(name)) as descriptor:
                        while chunk := file.read(CHUNK):
                            total.update(chunk)
                            size += len(chunk)
                            write_whole(descriptor, chunk)
                else:
                    total = hashlib.file_digest(file, "sha256")
                    size = file.tell()
        self.originals[name] = {"source": source, "size": size, "sha256": total.hexdigest()}
        return total.hexdigest(), size

    def note(self, source: str) -> None:
        """Keep the sha256 of a file of the set that something is made of; raise StoreError."""
        with (
            store_errors(f"{source} could not be read"),
            open_regular(self.source / source, within=self.within) as file,
        ):
            self.seen[source] = hashlib.file_digest(file, "sha256").hexdigest()

    def finish(self) -> None:
        """Name the originals, where they were not copied."""
        if not self.copies:
            self.write_json(CONTENTS, {"originals": self.originals})

    @property
    def inputs(self) -> dict[str, str]:
        """The sha256 of the files of the set that are in the export, by their name in the set."""
        return self.seen | {one["source"]: one["sha256"] for one in self.originals.values()}
