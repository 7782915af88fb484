"""The table of HTTP routes: everything that the server answers besides what is said over the WebSocket."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from urllib.parse import quote

from tetherlight.protocol.action import Right
from tetherlight.protocol.names import Feature
from tetherlight.protocol.objects import OBJECTS

READING = ("GET", "HEAD")
CHOICE = "`all` (what it is without), `jpeg` or `raw`: which images."


@dataclass(frozen=True, eq=False)
class Route:
    """One row of the table. In its path names stand in braces; those that end in `:path` may hold slashes."""

    name: str
    path: str
    answer: str
    """What comes, as a mimetype or in words."""
    summary: str
    methods: tuple[str, ...] = READING
    query: Mapping[str, str] = field(default_factory=dict)
    """What may stand behind the question mark, and what it does."""
    right: Right | None = "read"
    """What its caller must have; None where it is answered without a token where others need one."""
    feature: Feature | None = None

    @property
    def open(self) -> bool:
        """Whether it is answered without a token where others need one."""
        return self.right is None

    @cached_property
    def matches(self) -> Callable[[str], object]:
        """Say whether an address is one of this row."""
        return re.compile(re.sub(r"\\{(\w+)(:path)?\\}", _any_part, re.escape(self.path))).fullmatch

    @property
    def pattern(self) -> str:
        """The path as people read it."""
        return self.path.replace(":path}", "}")

    @property
    def prefix(self) -> str:
        """What every address of this row begins with."""
        return self.path.partition("{")[0]

    def url(self, **parts: str) -> str:
        """Return an address below the server's own; raise KeyError for a name without a part."""

        def put(found: re.Match[str]) -> str:
            return quote(parts[found[1]], safe="/" if found[2] else "")

        return re.sub(r"\{(\w+)(:path)?\}", put, self.path)


def _any_part(found: re.Match[str]) -> str:
    return ".*" if found[2] else "[^/]+"


MJPEG = Feature("mjpeg", "The live view as motion JPEG.")
THUMBNAILS = Feature("thumbnails", "Small versions of images.")
EXPORTS = Feature("exports", "Sets as other tools open them.")
ZIP = Feature("zip", "A whole set as one file.")
ZIP_OF_SETS = Feature("zip_of_sets", "Several sets as one file.")

WEBSOCKET = Route("WEBSOCKET", "/ws", "a WebSocket", "The conversation: requests, replies, events, frames.", ("GET",))
HEALTH = Route(
    "HEALTH", "/health", "application/json", "Tell that the server answers; 503 while it is stopping.", right=None
)
LOGIN_PAGE = Route("LOGIN_PAGE", "/login", "text/html", "Ask for the token.", right=None)
LOGIN = Route(
    "LOGIN", "/login", "a redirection with a cookie", "Take the token of the form field `token`.", ("POST",), right=None
)
LOGOUT = Route("LOGOUT", "/logout", "a redirection", "Take the cookie back.", ("POST",))
IMAGE = Route(
    "IMAGE", "/images/{path:path}", "the image's own type", "Give an image, whole or the ranges that are asked for.",
    query={"download": "`1`: to be saved under its name."},
)  # fmt: skip
THUMBNAIL = Route(
    "THUMBNAIL", "/thumbnails/{path:path}", "image/jpeg", "Give a small JPEG of an image.",
    query={"size": "Pixels of the longer edge; the next offered size is given."},
    feature=THUMBNAILS,
)  # fmt: skip
EXIF = Route("EXIF", "/exif/{path:path}", "application/json", "Give what the camera wrote into an image.")
SET_ZIP = Route(
    "SET_ZIP", "/sets/{name}.zip", "application/zip", "Give a set as a zip that is made while it is sent.",
    query={"files": CHOICE},
    feature=ZIP,
)  # fmt: skip
SETS_ZIP = Route(
    "SETS_ZIP", "/sets.zip", "application/zip", "Give several sets as one zip, each in a folder of its name.",
    query={"name": "The name of a set; once for each, at most 1000.", "files": CHOICE},
    feature=ZIP_OF_SETS,
)  # fmt: skip
SET_FILE = Route(
    "SET_FILE", "/sets/{name}/{path:path}", "the file's own type", "Give a file of a set: what the zip has of it.",
    query={"files": CHOICE, "download": "`1`: to be saved under its name."},
)  # fmt: skip
SET_EXPORT = Route(
    "SET_EXPORT", "/exports/{name}/{to}.zip", "application/zip",
    "Give an export that EXPORT_SET has made as a zip, which is made while it is sent.",
    feature=EXPORTS,
)  # fmt: skip
OBJECT_LIST = Route(
    "OBJECT_LIST", "/objects/list", "application/json",
    "Add the objects of a list, CSV or one in a line: the body, at most 1 MB. The answer is as of IMPORT_OBJECTS.",
    ("POST",),
    query={"dry_run": "`1`: tell what would be, and change nothing."},
    right="control",
    feature=OBJECTS,
)  # fmt: skip
OBJECT_REPORT = Route(
    "OBJECT_REPORT", "/objects/report.csv", "text/csv", "Give what REPORT_OBJECTS tells of a day as CSV.",
    query={"day": "YYYY-MM-DD; today where it is missing."},
    feature=OBJECTS,
)  # fmt: skip
LIVEVIEW = Route(
    "LIVEVIEW", "/cameras/{camera_id}/liveview.mjpg", "multipart/x-mixed-replace",
    "Give the live view of a camera as motion JPEG; `selected` stands for the selected one.",
    query={"max_fps": "At most so many frames a second."},
    feature=MJPEG,
)  # fmt: skip
METRICS_FEATURE = Feature("metrics", "Figures of the rig for Prometheus.")
METRICS = Route(
    "METRICS", "/metrics", "text/plain; version=0.0.4; charset=utf-8",
    "Give the figures of the rig in the text format of Prometheus. Where no token is set, only to this machine.",
    right="metrics",
    feature=METRICS_FEATURE,
)  # fmt: skip
PAGES = Route("PAGES", "/{path:path}", "text/html and its parts", "Give the web application.")

ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        row.name: row
        for row in (
            WEBSOCKET, HEALTH, LOGIN_PAGE, LOGIN, LOGOUT, IMAGE, THUMBNAIL, EXIF, SET_ZIP, SETS_ZIP, SET_FILE,
            SET_EXPORT, OBJECT_LIST, OBJECT_REPORT, LIVEVIEW, METRICS, PAGES,
        )
    }
)  # fmt: skip


def needed_right(method: str, path: str) -> Right | None:
    """Return what a request needs; where no row answers nothing changes, and to look is enough."""
    found = next((row for row in ROUTES.values() if method in row.methods and row.matches(path)), PAGES)
    return found.right
