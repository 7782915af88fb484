"""A function in a child: what it returns and raises, what it may take, and how it ends."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import uvloop
from hypothesis import given, settings

from support.children import gone, marked
from support.patience import stretched
from support.turns import turns
from tetherlight.errors import DiskFull, SetNotFound, TetherlightError, WorkFailed, WorkMemory, WorkTimeout
from tetherlight.process import wire
from tetherlight.process.channel import Answers
from tetherlight.process.run import Told, run, used_memory

NewLoop = Callable[[], asyncio.AbstractEventLoop]
PLENTY = 1 << 30
LOOPS = pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
pytestmark = pytest.mark.usefixtures("found_by_children")


async def work(function: str, *, deadline: float | None = None, memory: int = PLENTY, **more: Any) -> Any:
    """Run one of the functions of support/working.py."""
    on_progress = more.pop("on_progress", lambda _: None)
    seconds = stretched(60) if deadline is None else deadline
    name = f"support.working:{function}"
    return await run(name, more, deadline=seconds, memory=memory, on_progress=on_progress)


async def test_the_result_comes_back(tmp_path: Path) -> None:
    assert await work("add", a=2, b=3) == 5
    assert await work("echo", text="ä\n", nothing=None, nested={"a": [1, 2.5, True]}, path=tmp_path) == {
        "text": "ä\n", "nothing": None, "nested": {"a": [1, 2.5, True]}, "path": str(tmp_path),
    }  # fmt: skip


async def test_messages_that_arrive_together_are_all_heard() -> None:
    """A busy server reads late, and finds what a child told and its answer in one piece."""
    told: list[int] = []
    answers = Answers(RuntimeError)
    waiting = answers.expect(told.append)
    message = wire.encode({"told": 1}) + wire.encode({"told": 2}) + wire.encode({"result": 3}, 5) + b"bytes"
    for piece in (message[:70], message[70:]):
        with answers.get_buffer(-1) as buffer:
            buffer[: len(piece)] = piece
        answers.buffer_updated(len(piece))
    assert waiting.done()
    header, body = await waiting
    assert (told, header["result"], body) == ([1, 2], 3, b"bytes")


async def test_a_result_of_bytes_comes_back() -> None:
    """As many as a small picture has, in one piece."""
    assert await work("raw", size=3_000_000) == bytes(range(250)) * 12_000


async def test_arrays_travel_in_files(tmp_path: Path) -> None:
    numbers = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "in.npy", numbers)
    assert await work("brighten", source=tmp_path / "in.npy", target=tmp_path / "out.npy") == [3, 4]
    assert np.array_equal(np.load(tmp_path / "out.npy"), numbers + 1)


async def test_progress_is_heard_in_order_and_seldom() -> None:
    heard: list[Told] = []
    assert await work("count", upto=200, pause_s=0.005, on_progress=heard.append) == 200
    assert heard[0] == Told(0.0, "image 1 of 200")
    assert [told.share for told in heard] == sorted({told.share for told in heard})
    assert 2 <= len(heard) < 100


async def test_a_listener_that_fails_stops_nothing() -> None:
    def deaf(_: Told) -> None:
        raise ZeroDivisionError

    assert await work("count", upto=3, pause_s=0, on_progress=deaf) == 3


async def test_an_error_of_ours_arrives_as_it_was_raised() -> None:
    with pytest.raises(DiskFull) as caught:
        await work("refuses", reason="full")
    error = caught.value
    assert (error.message, error.hint, error.details) == ("The disk is full.", "Delete something.", {"free_bytes": 5})
    with pytest.raises(SetNotFound, match=r"^No such set\.$") as caught_too:
        await work("refuses", reason="unsendable")
    assert caught_too.value.details is None


@pytest.mark.parametrize(
    ("function", "arguments", "sentence"),
    [
        ("fails", {}, r"^'support.working:fails' failed \(ZeroDivisionError\)\.$"),
        ("add", {"a": 1}, r"failed \(TypeError\)\.$"),
        ("nobody", {}, r"failed \(AttributeError\)\.$"),
        ("large", {"size": 2_000_000}, r"returned more than 1048576 bytes\.$"),
        ("no_number", {}, r"failed \(ValueError\)\.$"),
        ("crashes", {"how": "segv"}, r"crashed \(SIGSEGV\)\.$"),
        ("crashes", {"how": "exit"}, r"ended without a result \(exit code 3\)\.$"),
    ],
)
async def test_a_mistake_or_a_crash_is_told_as_what_it_is(
    function: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WorkFailed, match=sentence):
        await work(function, **arguments)


async def test_a_child_that_something_else_kills_is_told_as_ended_by_the_system() -> None:
    with pytest.raises(WorkMemory, match=r"was ended by the system, probably for lack of memory\.$") as caught:
        await work("crashes", how="kill")
    assert caught.value.hint is not None


async def test_a_child_that_breaks_off_the_wire_and_goes_on_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tetherlight.process.run.LINGER_S", 0.1)
    with pytest.raises(WorkFailed, match=r"broke off its connection and was ended\.$"):
        await work("crashes", how="mute")


@pytest.mark.parametrize("function", ["endless", "stubborn"])
async def test_what_misses_its_deadline_is_ended(function: str) -> None:
    with pytest.raises(WorkTimeout, match=r"took longer than 0\.5 s and was ended\.$") as caught:
        await work(function, deadline=0.5)
    assert caught.value.details == {"deadline_s": 0.5}


@pytest.mark.parametrize("piece", [1 << 20, 1 << 30])
async def test_who_takes_more_memory_than_allowed_is_ended(piece: int) -> None:
    """Little by little, or far too much at once."""
    with pytest.raises(WorkMemory, match="more"):
        await work("greedy", memory=200 << 20, piece=piece)


async def test_a_mapped_file_is_no_memory(tmp_path: Path) -> None:
    assert await work("reserving", memory=200 << 20, folder=tmp_path, size=1 << 30) == 0


def test_what_is_used_is_what_has_to_be_kept() -> None:
    before = used_memory(os.getpid())
    kept = np.ones(64 << 20, np.uint8)
    assert used_memory(os.getpid()) - before > 60 << 20
    assert kept.any()


async def test_a_cancelled_caller_goes_when_the_child_has_ended(tmp_path: Path) -> None:
    running = asyncio.create_task(work("endless", mark=tmp_path / "pid"))
    pid = await marked(tmp_path / "pid")
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_a_function_has_started_ends_with_it(tmp_path: Path) -> None:
    running = asyncio.create_task(work("parent", mark=str(tmp_path / "pid")))
    pid = await marked(tmp_path / "pid")
    running.cancel()
    await asyncio.wait([running])
    await gone(pid)


@given(moments=st.integers(0, 40), again=st.integers(0, 3))
@settings(max_examples=15, deadline=None)
@LOOPS
def test_it_can_be_cancelled_at_any_moment_and_more_than_once(new_loop: NewLoop, moments: int, again: int) -> None:
    """While the process starts, works, or is being ended: nothing is left, and the cancellation is raised."""

    async def scene() -> None:
        running = asyncio.create_task(work("endless"))
        await (turns(moments) if moments % 2 else asyncio.wait([running], timeout=moments / 100))
        for _ in range(again + 1):
            running.cancel()
            await turns()
        await asyncio.wait([running])
        assert running.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(scene())


@LOOPS
def test_a_child_inherits_no_descriptor(new_loop: NewLoop, tmp_path: Path) -> None:
    """It has its standard streams and the wire, whatever its parent left inheritable."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        (tmp_path / "open").open("w") as file,
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        os.set_inheritable(listener.fileno(), True)
        os.set_inheritable(file.fileno(), True)
        assert runner.run(work("surroundings"))["descriptors"] == 4


def test_on_the_servers_own_loop_it_is_the_same() -> None:
    async def scene() -> None:
        with pytest.raises(WorkFailed, match="SIGSEGV"):
            await work("crashes", how="segv")
        with pytest.raises(WorkMemory, match="by the system"):
            await work("crashes", how="kill")
        with pytest.raises(WorkTimeout):
            await work("endless", deadline=0.2)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scene())


async def test_several_run_side_by_side_and_one_that_fails_disturbs_no_other() -> None:
    wanted = [work("add", a=1, b=1), work("crashes", how="segv"), work("add", a=2, b=2), work("fails")]
    results = await asyncio.gather(*wanted, return_exceptions=True)
    assert [one if isinstance(one, int) else type(one) for one in results] == [2, WorkFailed, 4, WorkFailed]


async def test_a_child_stands_back_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "secret")
    found = await work("surroundings")
    cores = len(os.sched_getaffinity(0))
    assert found["nice"] == min(os.nice(0) + 10, 19)
    assert (found["cores"], found["threads"]) == (max(1, cores - 1), str(max(1, cores - 1)))
    assert found["secret"] is None
    assert found["oom_score_adj"] >= 500


async def test_what_it_prints_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tetherlight.process.channel"):
        await work("says", lines=3)
        with contextlib.suppress(TetherlightError):
            await work("fails")
    assert [record.getMessage() for record in caplog.records if "says" in record.getMessage()] == [
        "support.working:says: It begins.", *(f"support.working:says: line {number}" for number in range(3)),
    ]  # fmt: skip
    assert any("ZeroDivisionError" in record.getMessage() for record in caplog.records)


async def test_what_cannot_be_sent_is_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="serialize"):
        await work("echo", odd=object())
