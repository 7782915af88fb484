"""Programs that are copied from the fork server are what new interpreters would be."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.fork_server import Order
from support.patience import stretched
from support.program import DEVNULL, PIPE, Copy, ForkServer, Program, as_users_do, start
from support.turns import turns

END_S = 30.0
DEVICE = Path(os.devnull)
TELL = """
import gc, json, os, signal, sys, threading, warnings
print(json.dumps({
    "name": __name__,
    "arguments": sys.argv[1:],
    "folder": os.getcwd(),
    "path": sys.path[0],
    "environment": dict(os.environ),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
    "descriptors": [number for number in range(100) if os.path.exists(f"/proc/self/fd/{number}")],
    "threads": threading.active_count(),
    "garbage": gc.isenabled(),
    "mask": os.umask(0),
    "group": os.getpgid(0),
    "session": os.getsid(0),
    "parent": os.getppid(),
}))
"""
END = """
import atexit, select, sys
atexit.register(print, "left in order")
print("begun", flush=True)
while not select.select([sys.stdin], [], [], 0.05)[0]:
    pass
sys.exit(7)
"""
"""Looks up now and then: Python hears of a signal that comes just before a read blocks when that read ends."""


@pytest.fixture(params=["copied", "anew"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """How programs are started."""
    with as_users_do() if request.param == "anew" else contextlib.nullcontext():
        yield request.param


def told(folder: Path, **environment: str) -> dict[str, Any]:
    """Start a program in a folder and return what it finds."""
    folder.joinpath("tell.py").write_text(TELL)
    surroundings = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **environment}
    program = start("tell", "one", "--two", folder=folder, environment=surroundings, stdin=DEVNULL, stdout=PIPE)
    assert program.stdout is not None
    with program.stdout:
        found: dict[str, Any] = json.loads(program.stdout.read())
    assert program.wait_for(stretched(END_S)) == 0
    # Python itself adds this one where no language is chosen.
    found["environment"].pop("LC_CTYPE", None)
    return found


def running(folder: Path, source: str = END) -> Program:
    """Start a program that ends with its stdin, and wait until it runs."""
    folder.joinpath("end.py").write_text(source)
    program = start("end", folder=folder, stdin=PIPE, stdout=PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"begun\n"
    return program


def close(program: Program) -> None:
    """Close our ends of its pipes."""
    for stream in (program.stdin, program.stdout):
        assert stream is not None
        stream.close()


def test_a_copy_finds_what_a_new_interpreter_finds(tmp_path: Path) -> None:
    """Arguments, environment, folder, signals, descriptors, its parent and its group: nothing tells them apart."""
    copied = told(tmp_path, API_TOKEN="secret")
    with as_users_do():
        anew = told(tmp_path, API_TOKEN="secret")
    assert copied == anew
    assert copied["name"] == "__main__"
    assert copied["parent"] == os.getpid()
    assert copied["threads"] == 1


def test_a_program_ends_in_order_with_its_own_code(tmp_path: Path, way: str) -> None:
    program = running(tmp_path)
    assert program.returncode is None
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.close()
    assert program.stdout.read() == b"left in order\n"
    assert program.wait_for(stretched(END_S)) == 7, way
    close(program)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_ends_a_program(tmp_path: Path, way: str, number: signal.Signals) -> None:
    """Ctrl-C, too, although the fork server does not hear it."""
    program = running(tmp_path, END.replace("atexit.register", "sys.stderr.close(); atexit.register"))
    program.send_signal(number)
    assert program.wait_for(stretched(END_S)) == -number, way
    close(program)


async def test_several_may_wait_for_the_same_end(tmp_path: Path, way: str) -> None:
    program = running(tmp_path)
    waiting = [asyncio.create_task(program.wait()) for _ in range(3)]
    await turns()
    program.kill()
    assert await asyncio.gather(*waiting) == [-9, -9, -9], way
    assert await program.wait() == -9
    close(program)


def test_a_fork_server_that_was_lost_is_begun_again(tmp_path: Path) -> None:
    """What fails is the one program that was to be begun."""
    with contextlib.closing(ForkServer()) as server, DEVICE.open("r+b") as nothing:
        order = Order("this", [], dict(os.environ), str(tmp_path), 0o022)
        streams = [nothing.fileno()] * 3
        first = Copy(server.copy(order, streams))
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises((OSError, AssertionError)):
            server.copy(order, streams)
        second = Copy(server.copy(order, streams))
        assert [Program(one, None, None).wait_for(stretched(END_S)) for one in (first, second)] == [0, 0]


def test_an_environment_that_only_a_new_interpreter_heeds_gets_one(tmp_path: Path) -> None:
    """Places to import from, among others, are read only once."""
    place = tmp_path / "place"
    place.mkdir()
    place.joinpath("elsewhere.py").write_text("print('found')")
    program = start("elsewhere", environment=os.environ | {"PYTHONPATH": str(place)}, stdin=DEVNULL, stdout=PIPE)
    assert program.stdout is not None
    with program.stdout:
        assert program.stdout.read() == b"found\n"
    assert program.wait_for(stretched(END_S)) == 0
