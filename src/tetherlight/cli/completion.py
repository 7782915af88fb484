"""What the shell offers for an unfinished word: names that the server knows. Without a server it offers nothing."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

import tetherlight
from tetherlight.cli.options import DEFAULT_SERVER, TOKENS
from tetherlight.errors import TetherlightError

if TYPE_CHECKING:
    from tetherlight import SyncClient

Complete = Callable[[typer.Context, str], list[str]]


def _completing(names: "Callable[[SyncClient], Iterable[str]]") -> Complete:
    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        given = ctx.find_root().params
        server = given.get("server") or os.environ.get("TETHERLIGHT_SERVER") or DEFAULT_SERVER
        token = given.get("token") or next((os.environ[name] for name in TOKENS if os.environ.get(name)), None)
        try:
            with tetherlight.SyncClient(server, token=token, reconnect=False) as rig:
                return [name for name in names(rig) if name.startswith(incomplete)]
        except TetherlightError:
            return []

    return complete


def _config_names(rig: "SyncClient") -> list[str]:
    return [name for entry in rig.list_config() for name in (entry.alias, entry.name) if name]


cameras = _completing(lambda rig: [camera.camera_id for camera in rig.server.cameras])
lights = _completing(lambda rig: rig.lights().states)
sets = _completing(lambda rig: [one.name for one in rig.sets()])
recipes = _completing(lambda rig: [one.name for one in rig.recipes().recipes])
objects = _completing(lambda rig: [one.catalogue_number for one in rig.objects().objects])
images = _completing(lambda rig: [one.filename for one in rig.captures()])
jobs = _completing(lambda rig: [job.job_id for job in rig.jobs()])
config_names = _completing(_config_names)
