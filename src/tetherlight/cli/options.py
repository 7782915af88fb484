"""What every command that talks to a server needs: where it is, the token, and how answers are shown."""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

import tetherlight
from tetherlight.cli.lazy import Later
from tetherlight.errors import CameraNotFound, InvalidPayload, ServerUnreachable, TetherlightError, Unauthorized

if TYPE_CHECKING:
    from tetherlight import SyncClient
    from tetherlight.protocol import messages
    from tetherlight.protocol.models import CameraInfo
else:
    messages = Later("tetherlight.protocol.messages")

FAILED = 1
USAGE = 2
NO_SERVER = 3
REFUSED = 4
INTERRUPTED = 130

DEFAULT_SERVER = "http://127.0.0.1:8000"
TOKENS = ("TETHERLIGHT_TOKEN", "API_TOKEN")
"""Variables that hold the token. The second is the server's own setting, which older clients shared with it."""

EVERYWHERE = {"--server": True, "--token": True, "--json": False}
"""Options that may stand anywhere on the command line, and whether a value follows."""


@dataclass(frozen=True)
class Options:
    """The options that stand before every command."""

    server: str
    token: str | None
    json: bool
    chosen: bool = False
    """Whether somebody has said which server is meant."""


def hoisted(arguments: list[str]) -> list[str]:
    """Bring the common options to the front; what stands behind `--` stays there."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word.partition("=")[0] in EVERYWHERE:
            front.append(word)
            if EVERYWHERE[word.partition("=")[0]] and "=" not in word:
                front += [value for value in (next(words, None),) if value is not None]
        else:
            rest.append(word)
    return front + rest


def options_of(context: typer.Context) -> Options:
    """Return the common options of the command line."""
    found = context.find_root().obj
    return found if isinstance(found, Options) else Options(DEFAULT_SERVER, None, json=False)


@contextlib.contextmanager
def connected(context: typer.Context) -> Iterator["SyncClient"]:
    """Talk to the server for a while; a lost connection ends the command."""
    options = options_of(context)
    with tetherlight.SyncClient(options.server, token=options.token, reconnect=False) as rig:
        yield rig


def choose_camera(rig: "SyncClient", wanted: str | None) -> str:
    """Return the camera_id of the wanted camera and open it if need be; raise CameraNotFound.

    What others mean by the selected camera stays as it is.
    """
    selected = rig.server.selected
    if wanted is None:
        return selected if selected is not None else rig.select().camera_id
    if any(camera.camera_id == wanted for camera in rig.server.cameras):
        return wanted
    found = matching(rig.cameras(), wanted)
    if not found.open:
        rig.select(camera_id=found.camera_id, select=selected is None)
    return found.camera_id


def matching(cameras: "Sequence[CameraInfo]", wanted: str) -> "CameraInfo":
    """Return the one camera of this camera_id, port, serial or part of a model; raise CameraNotFound."""
    exact = [one for one in cameras if wanted in {one.camera_id, one.port, one.serial}]
    found = exact or [one for one in cameras if wanted.casefold() in one.model.casefold()]
    if len(found) == 1:
        return found[0]
    hint = "`tetherlight cameras` lists them."
    if not found:
        raise CameraNotFound(f"No camera '{wanted}' was found.", hint=hint)
    raise CameraNotFound(f"'{wanted}' fits {len(found)} cameras; name one by its camera_id.", hint=hint)


def tell_error(error: TetherlightError, *, as_json: bool) -> int:
    """Write an error to standard error, for people or for programs, and return the exit code."""
    if as_json:
        typer.echo(json.dumps({"error": error.message} | messages.failure_fields(error), default=str), err=True)
    else:
        typer.echo(f"tetherlight: {error.message}", err=True)
        if error.hint is not None:
            typer.echo(error.hint, err=True)
    match error:
        case ServerUnreachable():
            return NO_SERVER
        case Unauthorized():
            return REFUSED
        case InvalidPayload():
            return USAGE
        case _:
            return FAILED


def note(text: str) -> None:
    """Tell people something that is no result: it goes to standard error."""
    typer.echo(text, file=sys.stderr)
