"""The calls that the server makes to a worker, each with its deadline and the type of its answer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tetherlight.camera.exposure import Preview, SavedFile
from tetherlight.process.call import Call, always
from tetherlight.protocol.models import ConfigEntry, ConfigValue

Request = Callable[[Call[Any]], Awaitable[Any]]
"""Makes a call, and raises what the camera raises."""


@dataclass(frozen=True)
class Deadlines:
    """How long things may take, in seconds; a worker that misses one is killed.

    libgphoto2 itself gives up after 2.5 s on the network, and after 20 s on USB (100 s for a capture).
    """

    open: float = 30.0
    close: float = 4.0
    """For everything that closing takes: half for calls under way, half for leaving the camera."""
    probe: float = 8.0
    config: float = 30.0
    entry: float = 10.0
    preview: float = 8.0
    events: float = 45.0
    """For one call that waits for events: pictures that never were on a card cross the cable inside it."""
    download: float = 180.0
    capture: float = 30.0
    """Beyond twice the shutter time and the self-timer, until the last file is announced."""
    read_back: float = 1.0
    stands: float = 2.5
    """How long a value that was written must stand elsewhere to count as refused: libgphoto2 keeps some for 2 s."""
    moves: float = 20.0
    """How long a value that was written may be on its way, step by step."""
    busy: float = 1.0
    """How long a capture or a value is offered again to a camera that refuses it as busy; nothing was done then."""
    settle: float = 3.0
    """How long a call waits for a camera that is being recovered."""
    look_first: float = 0.25
    look_most: float = 5.0
    """The first and the longest pause between two looks for a lost camera."""
    look_most_network: float = 1.0
    """The longest pause where nothing announces the camera: a refused connection costs next to nothing."""
    scan: float = 30.0
    """For a process that only starts and lists: on a machine that is busy that alone took more than 10."""


@dataclass(frozen=True)
class Opened:
    """Who the camera says it is."""

    model: str
    serial: str | None
    libgphoto2: str
    """The library's version."""


@dataclass(frozen=True)
class Happened:
    """What the camera announced since it was last asked."""

    changed: tuple[str, ...]
    files: tuple[str, ...]
    complete: bool
    asked: bool = False
    """Whether the camera itself was asked; others are only listened to, and silent when they are gone."""


def open_camera(model: str, port: str, deadline: float) -> Call[Opened]:
    """Open the camera, leaving it first where it is open."""
    return Call("open", {"model": model, "port": port}, deadline, lambda result, _: Opened(**result), always)


def close_camera(deadline: float, *, standby: bool = False, output: str | None = None) -> Call[None]:
    """Leave the camera, with `standby` after ending its live view."""
    return Call("close", {"standby": standby, "output": output}, deadline, _nothing)


def probe(deadline: float) -> Call[int | None]:
    """Ask whether the camera is there; the answer is the free room on its cards in bytes, where it says so."""
    return Call("probe", {}, deadline, _free_bytes, always)


def config(deadline: float) -> Call[list[ConfigEntry]]:
    """Read the whole config."""
    return Call("config", {}, deadline, lambda result, _: [ConfigEntry.model_validate(raw) for raw in result])


def entry(name: str, deadline: float) -> Call[ConfigEntry]:
    """Read one config entry."""
    return Call("entry", {"name": name}, deadline, lambda result, _: ConfigEntry.model_validate(result))


def set_config(name: str, value: ConfigValue, patience: float, deadline: float) -> Call[tuple[ConfigEntry, bool]]:
    """Write one config entry; the answer is how it reads afterwards, and whether that is what was asked."""

    def read(result: Any, _: bytes) -> tuple[ConfigEntry, bool]:
        return ConfigEntry.model_validate(result[0]), bool(result[1])

    return Call("set_config", {"name": name, "value": value, "patience": patience}, deadline + patience, read)


def preview(deadline: float) -> Call[Preview]:
    """Take one preview."""
    return Call("preview", {}, deadline, lambda result, body: Preview(jpeg=body, **result), always)


def standby(output: str | None, deadline: float) -> Call[None]:
    """End the live view of the body; `output` is what the entry of that name shall say where a Canon body has it."""
    return Call("standby", {"output": output}, deadline, _nothing)


def trigger(deadline: float) -> Call[float]:
    """Release the shutter; the answer is the time in Unix seconds."""
    return Call("trigger", {}, deadline, lambda result, _: float(result), always)


def capture(deadline: float) -> Call[tuple[float, str]]:
    """Release the shutter and wait; the answer is the time and the picture's path on the camera."""
    return Call("capture", {}, deadline, lambda result, _: (float(result[0]), str(result[1])), always)


def events(seconds: float, deadline: float) -> Call[Happened]:
    """Wait up to `seconds` for something to happen."""

    def read(result: Any, _: bytes) -> Happened:
        told = tuple(result["changed"]), tuple(result["files"])
        return Happened(*told, complete=bool(result["complete"]), asked=bool(result["asked"]))

    return Call("events", {"seconds": seconds}, deadline + seconds, read, lambda happened: happened.asked)


def storage(deadline: float) -> Call[int | None]:
    """Ask for the free room on the camera's cards, in bytes."""
    return Call("storage", {}, deadline, _free_bytes, always)


def download(
    paths: Sequence[str],
    folder: Path,
    stem: str,
    deadline: float,
    *,
    replace: Sequence[str],
    delete: bool,
    joins: bool = False,
) -> Call[tuple[SavedFile, ...]]:
    """Save files of the camera durably as folder/stem.ext; the files that `replace` names make way.

    With `joins` they are further files of the exposure that has the stem already.
    """
    # The worker's working folder is the server's own, but nothing should depend on it.
    arguments = {
        "paths": list(paths),
        "folder": str(folder.absolute()),
        "stem": stem,
        "replace": list(replace),
        "delete": delete,
        "joins": joins,
    }

    def read(result: Any, _: bytes) -> tuple[SavedFile, ...]:
        return tuple(
            SavedFile(
                **{
                    **file,
                    "path": folder / Path(file["path"]).name,
                    "picture": file["picture"] and tuple(file["picture"]),
                }
            )
            for file in result
        )

    return Call("download", arguments, deadline, read, always)


def _free_bytes(result: Any, _body: bytes) -> int | None:
    found: int | None = result["free_bytes"]
    return found


def _nothing(_result: Any, _body: bytes) -> None:
    return None
