"""Type what the pages say, line by line, on a machine that was just installed: fresh_pages.py FOLDER HOME PORT.

FOLDER is the machine's root, in which an ordinary user `maker`, who may use sudo, begins in HOME. The lines are taken
out of the pages; what is done otherwise here stands in OTHERWISE, and what is left out in LEFT_OUT.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shell_blocks import ROOT, STARTED, STAYS, asking, blocks, shape

LOGIN = ("setpriv", "--reuid=maker", "--regid=maker", "--init-groups", "bash", "-euo", "pipefail", "-c")
"""Each line is a new login, so that groups count as the pages say."""
DEMO = "make demo"
PAGES = {
    "docs/tutorials/raspberry-pi-rig.md": (),
    # The tutorial's rig file is for a Raspberry Pi.
    "README.md": ("rm rig.toml",),
    "docs/tutorials/first-steps-simulator.md": (),
    "docs/tutorials/writing-a-client.md": (DEMO,),
    "docs/how-to/install.md": (
        "python3 -m venv ~/own && ~/own/bin/pip --quiet install uv",
        DEMO,
    ),
}
"""The pages in the order in which they are followed, each with what is done before, as the page says in its text."""
LEFT_OUT = {"make test": "Every change passes it; it takes the better part of an hour here."}
"""What stands in the first line of a block that is not run, and why."""
OTHERWISE = {
    "REPOSITORY": "/srv/tetherlight",
    # The network is the one of the machine around.
    "--host 0.0.0.0": "--host 127.0.0.1",
}
PATH = "/home/maker/.local/bin:/home/maker/own/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RUN_S = 1800.0
LOOK_S = 0.1
ENDED = {0, 130, -signal.SIGINT}


class PageError(Exception):
    """A line does not do what its page says."""


@dataclass
class Terminal:
    """Where lines are typed: how a shell begins on the machine, its environment, and the folder it is in."""

    login: Sequence[str]
    environment: dict[str, str]
    where: str
    root: Path
    port: int
    note: str = "/home/maker/.where"
    patience_s: float = RUN_S

    def run(self, command: str, said: Sequence[str] = ()) -> None:
        """Run a line; raise PageError where it fails or prints something else than its page says."""
        begin, kept = time.monotonic(), self.root / self.note.lstrip("/")
        kept.unlink(missing_ok=True)
        # What fails before an && ends no shell by itself.
        line = f'cd "$WHERE"\n{self.line(command)}\nstatus=$?\npwd >"$NOTE"\nexit $status'
        done = subprocess.run(
            [*self.login, line], env=self._env(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", check=False, timeout=self.patience_s,
        )  # fmt: skip
        if done.returncode != 0:
            raise PageError(f"$ {command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        self._compare(command, done.stdout, said)
        self.where = kept.read_text().rstrip("\n")
        _tell(command, time.monotonic() - begin)

    @contextlib.contextmanager
    def running(self, command: str, said: Sequence[str] = ()) -> Iterator[None]:
        """Run what stays, and end it as Ctrl-C does; raise PageError where it does not start, or leaves something."""
        begin = time.monotonic()
        with tempfile.TemporaryFile("w+", errors="replace") as log:
            process = subprocess.Popen(
                [*self.login, f'cd "$WHERE"\n{self.line(command)}'], env=self._env(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                told = _told(log.fileno(), process, command, self.patience_s)
                _tell(command, time.monotonic() - begin, "until it tells its address")
                missing = [one for one in shape("\n".join(said), said) if one not in shape(told, said)]
                if missing:
                    raise PageError(f"$ {command}\nIt does not print {missing}, but:\n{told}")
                yield
                os.killpg(process.pid, signal.SIGINT)
                if process.wait(self.patience_s) not in ENDED:
                    raise PageError(f"$ {command}\nIt ended with status {process.returncode}:\n{_text(log.fileno())}")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def line(self, command: str) -> str:
        """Return a line with what is done otherwise: addresses, ports, and where the repository is."""
        for there, here in OTHERWISE.items():
            command = command.replace(there, here)
        command = command.replace("rig.local:8000", f"127.0.0.1:{self.port}")
        if re.search(r"\btetherlight serve\b", command):
            command += f" --port {self.port}"
        return asking(command, f"127.0.0.1:{self.port}")

    def _env(self) -> dict[str, str]:
        return {
            **self.environment,
            "WHERE": self.where,
            "NOTE": self.note,
            "PORT": str(self.port),
            "TETHERLIGHT_SERVER": f"http://127.0.0.1:{self.port}",
        }

    def _compare(self, command: str, printed: str, said: Sequence[str]) -> None:
        if '"ok": false' in printed:
            raise PageError(f"$ {command}\n{printed}")
        if said and shape(printed, said) != shape("\n".join(said), said):
            raise PageError(f"$ {command}\nIt prints:\n{printed}")


def _tell(command: str, took_s: float, what: str = "") -> None:
    print(f"{took_s:7.1f} s  $ {command}{what and f'  ({what})'}", flush=True)


def _text(log: int) -> str:
    return os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")


def _told(log: int, process: "subprocess.Popen[bytes]", command: str, patience_s: float) -> str:
    """Wait until a program has told where it is; return what it has told."""
    end = time.monotonic() + patience_s
    while not STARTED.search(told := _text(log)):
        if process.poll() is not None or time.monotonic() > end:
            raise PageError(f"$ {command}\nIt does not start:\n{told}")
        time.sleep(LOOK_S)
    return told


def follow(page: Path, terminal: Terminal, before: Sequence[str] = ()) -> None:
    """Type every line of a page; what stays goes on until the page is over, or until the next that stays."""
    print(f"-- {page.name}", flush=True)
    lines: list[tuple[str, tuple[str, ...]]] = [(line, ()) for line in before]
    lines += [one for block in blocks(page) if block.reason(LEFT_OUT) is None for one in block.commands]
    with contextlib.ExitStack() as beside:
        for command, said in lines:
            if STAYS.search(command) or command == DEMO:
                beside.close()
                beside.enter_context(terminal.running(command, said))
            else:
                terminal.run(command, said)


def main(folder: str, home: str, port: str) -> None:
    """Follow all pages on the machine in a folder."""
    kept = ("LANG", "PIP_CERT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
    environment = {name: value for name, value in os.environ.items() if name in kept}
    environment |= {"PATH": PATH, "HOME": "/home/maker", "USER": "maker"}
    terminal = Terminal(("chroot", folder, *LOGIN), environment, home, Path(folder), int(port))
    for page, before in PAGES.items():
        try:
            follow(ROOT / page, terminal, before)
        except (PageError, subprocess.TimeoutExpired) as error:
            sys.exit(f"{page}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
