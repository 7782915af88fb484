"""Who a rig is on other networks: an id that stays, and a name for people."""

import logging
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tetherlight.files.durable import make_folder, read_regular, write_atomically
from tetherlight.rigfile.bridges import BridgesTable

logger = logging.getLogger(__name__)

MADE = re.compile(r"[0-9a-f]{8}")
MAX_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Identity:
    """The rig's id, of letters, digits, `-` and `_`, and its name."""

    id: str
    name: str

    @classmethod
    def of(cls, table: BridgesTable, state_dir: Path) -> Self:
        """Return what the rig file says, else what is kept in the state folder and the machine's name; blocking."""
        name = table.name or socket.gethostname().partition(".")[0] or "Tetherlight"
        return cls(table.id or _kept(state_dir / "rig-id"), name)


def _kept(path: Path) -> str:
    """Return the id in the file; make one where there is none."""
    try:
        found = read_regular(path, most=MAX_BYTES, follow=True).decode("ascii", "replace").strip()
    except OSError:
        found = ""
    if MADE.fullmatch(found):
        return found
    made = secrets.token_hex(4)
    try:
        make_folder(path.parent)
        write_atomically(path, f"{made}\n".encode())
    except OSError as error:
        logger.warning("The rig's id will not outlive a restart, since %s", error)
    return made
