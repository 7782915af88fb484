"""Run a function of a module in a child process that may be killed at any moment."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import to_jsonable_python

from tetherlight.errors import MAKE_ROOM, OutOfResources, WorkFailed, WorkMemory, WorkTimeout
from tetherlight.process.call import Call
from tetherlight.process.channel import Channel, Program
from tetherlight.process.environment import child_environment
from tetherlight.process.threads import to_the_end

logger = logging.getLogger(__name__)
T = TypeVar("T")
LOOK_S = 0.1
"""Seconds between two looks at how much memory the child uses."""
LINGER_S = 5.0
"""Seconds from the end of the wire to the end of the process: a large one takes its time to go."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Told:
    """How far a child is."""

    share: float
    """From 0 to 1."""
    activity: str | None = None
    """What it does now, in words."""


def _unheard(_told: Told) -> None:
    """Do nothing with it."""


class _Gone(Exception):
    """The child has ended without an answer."""


def _late(call: Call[Any]) -> WorkTimeout:
    return WorkTimeout(
        f"'{call.name}' took longer than {call.deadline:g} s and was ended.", details={"deadline_s": call.deadline}
    )


CHILD = Program(
    "tetherlight.process.child",
    crashed=_Gone,
    late=_late,
    failed=WorkFailed,
    leads=True,
)


async def run(
    function: str,
    arguments: Mapping[str, Any],
    *,
    deadline: float,
    memory: int,
    on_progress: Callable[[Told], None] = _unheard,
) -> Any:
    """Call `module:function` with a Progress and the arguments in a child, and return its result.

    Arguments and result are small and made of what JSON holds (paths go as text), or the result is bytes: a child is
    killed at any moment, and nothing of it must stay, so large arrays lie in files that the caller owns, and that the
    child maps. It has `deadline` seconds and `memory` bytes, less of the processor than everybody else, and one core
    fewer than there are. What it prints is logged. Cancelled, this returns when the child has ended.

    Raises what the function raises where it is one of our errors, WorkTimeout, WorkMemory, OutOfResources, and
    WorkFailed where it raises anything else or crashes.
    """
    given = {"given": to_jsonable_python(dict(arguments)), "memory": memory}
    call = Call(function, given, deadline, read=_result, told=_hearing(function, on_progress))
    spawning = asyncio.create_task(Channel.spawn(CHILD, function, _environment()), name=f"start of {function}")
    try:
        channel = await asyncio.shield(spawning)
        return await _ask(channel, call, memory)
    except OSError as error:
        scarce = OutOfResources.of(error)
        raise scarce or WorkFailed(f"'{function}' could not be started ({error.strerror}).") from error
    finally:
        await to_the_end(_put_away(spawning))


def _result(result: Any, body: bytes) -> Any:
    return body if result is None and body else result


async def _ask(channel: Channel, call: Call[Any], memory: int) -> Any:
    watch = _MemoryWatch(channel, memory)
    watching = asyncio.create_task(watch.run(), name=f"memory of {call.name}")
    try:
        return await channel.request(call)
    except _Gone:
        raise await _why(channel, call.name, watch) from None
    finally:
        watching.cancel()


class _MemoryWatch:
    """Ends a child that uses more memory than it may.

    What counts is what the machine has to keep for it. A limit of its address space (RLIMIT_AS) would count files that
    are mapped and memory that is only reserved, and so refuse honest work; beside this watch, which looks now and then,
    the child's own RLIMIT_DATA refuses what would be too much at once.
    """

    def __init__(self, channel: Channel, most: int) -> None:
        self._channel = channel
        self.most = most
        self.exceeded = False

    async def run(self) -> None:
        """Look until this is cancelled, or there is nothing to look at."""
        with contextlib.suppress(OSError):
            while not self.exceeded:
                await asyncio.sleep(LOOK_S)
                self.exceeded = used_memory(self._channel.pid) > self.most
            self._channel.strike()


def used_memory(pid: int) -> int:
    """Return the bytes that a process keeps in memory or in the swap, mapped files left out; raise OSError.

    What it has started is not counted.
    """
    counted = {"RssAnon", "RssShmem", "VmSwap"}
    lines = (line.split() for line in Path("/proc", str(pid), "status").read_text().splitlines())
    return sum(int(words[1]) * 1024 for words in lines if words and words[0].removesuffix(":") in counted)


async def _why(channel: Channel, name: str, watch: _MemoryWatch) -> WorkFailed | WorkMemory:
    """Say why a child has ended without an answer."""
    code = await channel.ended(LINGER_S)
    if watch.exceeded:
        details = {"memory_bytes": watch.most}
        return WorkMemory(f"'{name}' used more than {watch.most / 1e6:.0f} MB and was ended.", details=details)
    if code == -signal.SIGKILL:
        return WorkMemory(f"'{name}' was ended by the system, probably for lack of memory.", hint=MAKE_ROOM)
    hint = "The server's log may say more."
    if code is None:
        return WorkFailed(f"'{name}' broke off its connection and was ended.", hint=hint)
    if code < 0:
        return WorkFailed(f"'{name}' crashed ({_signal_name(-code)}).", hint=hint)
    return WorkFailed(f"'{name}' ended without a result (exit code {code}).", hint=hint)


def _signal_name(number: int) -> str:
    """Return what a signal is called; those in real time have numbers alone."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hearing(name: str, on_progress: Callable[[Told], None]) -> Callable[[Any], None]:
    def hear(told: Any) -> None:
        try:
            on_progress(Told(float(told["share"]), told["activity"]))
        except Exception:
            logger.exception("What %s told could not be passed on", name)

    return hear


def _environment() -> dict[str, str]:
    threads = str(max(1, len(os.sched_getaffinity(0)) - 1))
    return child_environment(dict.fromkeys(THREADS, threads))


async def _put_away(spawning: "asyncio.Task[Channel]") -> None:
    with contextlib.suppress(OSError):
        await (await spawning).kill()
