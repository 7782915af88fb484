"""The shell blocks of the documentation: what a reader types, and what is said to come of it.

Both tests of them read them here: on a machine that is played (`tests/integration/test_docs_commands.py`), and on one
that was just installed (`scripts/fresh_pages.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAYS = re.compile(r"\btetherlight (?:serve|simulate)\b")
"""Runs until Ctrl-C; that it starts is what can be seen."""
STARTED = re.compile(r"Tetherlight is at|\"control\"")
"""What it prints when it has."""
MORE = "..."
"""Where a page says so, which of the lines that come then depends on the pictures."""
NUMBER = re.compile(r"\d+")
SECOND_OF_ITS_SECOND = re.compile(r"(?<=\d{8}-\d{6})-\d+")
"""What the name of a picture has more where another page has taken one in the same second."""


@dataclass(frozen=True)
class Block:
    """A shell block: its commands, each with what it is said to print."""

    page: Path
    commands: tuple[tuple[str, tuple[str, ...]], ...]

    def reason(self, left_out: dict[str, str]) -> str | None:
        """Return why it is not run, by what stands in its first line; None where it is."""
        return next((why for begin, why in left_out.items() if begin in self.commands[0][0]), None)


def blocks(page: Path) -> Iterator[Block]:
    """Read the blocks of a page, in their order."""
    for found in re.finditer(r"^```(?:console|sh|bash|shell)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        commands: list[tuple[str, tuple[str, ...]]] = []
        lines = [line for line in found[1].splitlines() if line.strip()]
        # Where nothing is marked as typed, all of it is.
        prompt = "$ " if any(line.startswith("$ ") for line in lines) else ""
        for line in lines:
            if line.startswith(prompt):
                commands.append((line.removeprefix(prompt), ()))
            else:
                command, printed = commands.pop()
                commands.append((command, (*printed, line)))
        yield Block(page, tuple(commands))


def asking(command: str, address: str) -> str:
    """Return a command with the HOST:PORT that it asks, where it does not take it from the environment."""
    if "examples/five_lines.py" in command:
        return f"{command} http://{address}"
    if "examples/capture.py" in command:
        return f"{command} ws://{address}/ws"
    return command


def shape(text: str, said: Sequence[str]) -> list[str]:
    """Return lines with every number as one digit: moments, ports and sizes differ from time to time."""
    lines = (SECOND_OF_ITS_SECOND.sub("", line.strip()) for line in text.splitlines())
    told = [NUMBER.sub("0", line) for line in lines if line]
    return told[: said.index(MORE)] if MORE in said else told
