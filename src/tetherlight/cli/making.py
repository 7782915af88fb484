"""What is made of a folder of images without a server: in a child, beside its place, and put there when it is whole."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tetherlight.cli.lazy import Later
from tetherlight.cli.options import INTERRUPTED, note
from tetherlight.errors import SetNotFound

if TYPE_CHECKING:
    import asyncio

    from tetherlight.cli import progress
    from tetherlight.jobs.computation import Work
    from tetherlight.process import run as process
    from tetherlight.protocol import manifest as manifests
    from tetherlight.protocol.manifest import ResultRecord
    from tetherlight.reconstruct import job, keeping, stacks
else:
    asyncio = Later("asyncio")
    progress = Later("tetherlight.cli.progress")
    process = Later("tetherlight.process.run")
    manifests = Later("tetherlight.protocol.manifest")
    job = Later("tetherlight.reconstruct.job")
    keeping = Later("tetherlight.reconstruct.keeping")
    stacks = Later("tetherlight.reconstruct.stacks")


def made_of(
    folder: Path, place: str, out: Path | None, work: "Callable[[Path], Work]", *, quiet: bool
) -> "tuple[Path, ResultRecord]":
    """Make a result of a folder and put it into its place there, or to `out`; return that, and what is told of it.

    `work` says what the child shall do, given the folder that it writes into.
    """
    if not folder.is_dir():
        # Before a folder for the results is made beside it.
        raise SetNotFound(f"There is no folder '{folder}'.")
    own = folder / place
    target = own if out is None else out.absolute()
    beside = folder / place.replace("/", "-") if target == own else target
    try:
        with progress.counting_share(quiet=quiet) as move, keeping.making(beside) as made:
            todo = work(made)
            told = asyncio.run(
                process.run(
                    todo.function,
                    todo.arguments,
                    deadline=todo.deadline_s,
                    memory=todo.memory,
                    on_progress=lambda one: move(one.share, one.activity),
                )
            )
            if target == own and (folder / manifests.MANIFEST).is_file():
                return target, keeping.keep_in_set(made, folder, told, place)
            record = keeping.record_of(made, target.name, told)
            keeping.put_in_place(made, target)
            return target, record
    except KeyboardInterrupt:
        note("Interrupted; nothing was changed.")
        raise typer.Exit(INTERRUPTED) from None


def merge_first(folder: Path, *, raw: bool, response: str = "auto", quiet: bool) -> None:
    """Make one image of each light where a set has several and nobody did it before; it is a result of the set."""
    if folder.is_dir() and stacks.to_merge(folder, None, raw=raw):
        given = {"raw": raw, "response": response}
        made_of(
            folder,
            keeping.FOLDERS["merged"],
            None,
            lambda made: job.work_of(job.MERGE, folder, made, given),
            quiet=quiet,
        )
