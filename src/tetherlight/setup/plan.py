"""Which steps a machine needs, and doing or undoing them so that it can be begun again wherever it ended."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tetherlight.errors import SetupFailed
from tetherlight.setup.machine import NOTE, Machine
from tetherlight.setup.steps import Group, Member, Rules, Service, ServiceUser, Step, of_words

Tell = Callable[[str], None]
GROUPS = ("plugdev", "gpio")
HOMES = frozenset({Path("/home"), Path("/root"), Path("/run/user")})
_PACKAGED = Path(__file__).parent
_CHECKOUT = Path(__file__).parents[3] / "deploy"


def planned(user: str | None, program: Path | None) -> list[Step]:
    """Return the steps for the user who will run the server, and for the service if its program is given.

    Raises SetupFailed for a program that the service could not run.
    """
    steps: list[Step] = [Group(group) for group in GROUPS]
    steps.append(Rules(_shipped("60-tetherlight.rules")))
    if user is not None:
        steps += [Member(user, group) for group in GROUPS]
    if program is not None:
        steps += [ServiceUser(), Service(unit(program))]
    return steps


def unit(program: Path) -> str:
    """Return the systemd unit for a program; raise SetupFailed for one in somebody's home."""
    if not HOMES.isdisjoint(program.parents):
        raise SetupFailed(
            f"The service may not look into homes, and {program} is in one.",
            hint="Install it elsewhere, such as /opt/tetherlight, or run it by hand without a service.",
        )
    text = _shipped("tetherlight.service")
    return re.sub(r"^ExecStart=\S+", lambda _: f"ExecStart={program}", text, flags=re.MULTILINE)


def set_up(machine: Machine, steps: Sequence[Step], tell: Tell, *, dry: bool = False) -> None:
    """Do what is missing and note each step as soon as it is done; with `dry` only tell. Raises SetupFailed."""
    done = machine.noted()
    for step in steps:
        if step.there(machine):
            tell(f"{step.sentence}: already so.")
        elif dry:
            tell(f"{step.sentence}: would be done.")
        else:
            step.do(machine)
            if list(step.words) not in done:
                done.append(list(step.words))
            machine.note(done)
            tell(f"{step.sentence}.")


def take_back(machine: Machine, tell: Tell, *, dry: bool = False) -> None:
    """Undo what was done here, the last first; with `dry` only tell. What was there before stays.

    Raises SetupFailed; what is left to undo stays noted.
    """
    done = machine.noted()
    if not done:
        tell("Nothing was done here that could be taken back.")
    for step, words in [*_steps(done)][::-1]:
        if not dry:
            step.undo(machine)
            done.remove(words)
            machine.note(done)
        tell(f"{step.sentence}: {'would be ' if dry else ''}taken back.")


def _steps(done: Sequence[list[str]]) -> Iterator[tuple[Step, list[str]]]:
    for words in done:
        try:
            yield of_words(words), words
        except (ValueError, TypeError):
            raise SetupFailed(f"The note of what was done, /{NOTE}, is of another version.") from None


def _shipped(name: str) -> str:
    """Return a file of `deploy/`, which an installed package has beside this module."""
    packaged = _PACKAGED / name
    return (packaged if packaged.is_file() else _CHECKOUT / name).read_text(encoding="utf-8")
