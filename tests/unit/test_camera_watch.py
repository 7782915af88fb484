"""What is done in the gaps of an open camera: events, signs of life, and the body's rest."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tetherlight.camera import watch as module
from tetherlight.camera.config import ConfigCache
from tetherlight.camera.watch import Watch
from tetherlight.errors import CameraLost


class Gaps:
    """A watch whose every action is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "REST", 0.0)
        self.done: list[str] = []
        self.idle = True
        self.proven_at = -float("inf")
        self.failing: str | None = None
        self._news = asyncio.Event()

        async def read_entry(_name: str) -> None:
            await self._act("entry")()

        self.watch = Watch(
            ConfigCache(),
            3600,
            idle=lambda: self.idle,
            poll=self._act("poll"),
            read_entry=read_entry,
            read_all=self._act("all"),
            rest=self._act("rest"),
            check=self._act("check"),
            proven_at=lambda: self.proven_at,
        )

    def _act(self, name: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            self.done.append(name)
            self._news.set()
            if name == self.failing:
                raise CameraLost("Gone.")

        return act

    async def until(self, name: str, times: int) -> None:
        async with asyncio.timeout(20):
            while self.done.count(name) < times:
                self._news.clear()
                await self._news.wait()


async def test_a_camera_that_gave_no_sign_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = Gaps(monkeypatch)
    gaps.watch.start()
    await gaps.until("rest", 2)
    await gaps.watch.stop()
    assert gaps.done[:3] == ["poll", "check", "rest"]


async def test_a_camera_that_answers_for_itself_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = Gaps(monkeypatch)
    gaps.proven_at = time.monotonic() + 3600
    gaps.watch.start()
    await gaps.until("poll", 5)
    await gaps.watch.stop()
    assert "check" not in gaps.done


async def test_who_wants_to_know_the_room_on_its_cards_has_it_asked_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gaps = Gaps(monkeypatch)
    gaps.proven_at = time.monotonic() + 3600
    gaps.watch.want_room()
    gaps.watch.start()
    await gaps.until("check", 1)
    gaps.watch.want_room()
    await gaps.until("poll", 5)
    await gaps.watch.stop()
    assert gaps.done.count("check") == 1


async def test_a_camera_that_is_gone_is_neither_read_nor_put_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = Gaps(monkeypatch)
    gaps.failing = "check"
    gaps.watch.start()
    await gaps.until("check", 3)
    await gaps.watch.stop()
    assert set(gaps.done) == {"poll", "check"}
