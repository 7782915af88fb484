"""The topics of a rig, and names that are safe in them."""

import re
import unicodedata
import zlib
from dataclasses import dataclass

UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
MAX_SAFE = 64


def safe(name: str) -> str:
    """Return a name of letters, digits, `-` and `_`: the same where it is one, else another for each name.

    In a topic a slash, `+` and `#` mean something, and Home Assistant takes nothing else in ids.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    found = UNSAFE.sub("_", plain).strip("_")[:MAX_SAFE]
    return found if found and found == name else f"{found or 'x'}_{zlib.crc32(name.encode()):08x}"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one rig, all below `base`."""

    base: str

    @property
    def availability(self) -> str:
        """`online` or `offline`: the last will."""
        return f"{self.base}/availability"

    @property
    def info(self) -> str:
        """What the rig is."""
        return f"{self.base}/info"

    @property
    def storage(self) -> str:
        """Room on the disk."""
        return f"{self.base}/storage"

    @property
    def job(self) -> str:
        """The newest job."""
        return f"{self.base}/job"

    @property
    def picture(self) -> str:
        """The last shot of the rig as JPEG."""
        return f"{self.base}/picture"

    @property
    def event(self) -> str:
        """What happens, as it happens."""
        return f"{self.base}/event"

    @property
    def result(self) -> str:
        """What became of each command."""
        return f"{self.base}/result"

    def light(self, name: str) -> str:
        """Return the topic of a light."""
        return f"{self.base}/lights/{safe(name)}"

    def camera(self, camera_id: str, what: str) -> str:
        """Return a topic of a camera: state, availability, config, picture, event."""
        return f"{self.base}/cameras/{safe(camera_id)}/{what}"

    def setting(self, camera_id: str, key: str) -> str:
        """Return where a setting of a camera is commanded."""
        return f"{self.base}/cameras/{safe(camera_id)}/config/{safe(key)}/set"
