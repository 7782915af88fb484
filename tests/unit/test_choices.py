"""Which requests wait for those before them that open, select or close cameras, and in which order they go on."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import pytest

from support.turns import turns
from tetherlight.errors import CameraNotOpen
from tetherlight.rig.choices import Choice, Choices


@dataclass
class Known:
    """An open camera."""

    model: str
    port: str


@dataclass
class Desk:
    """The cameras A, which is selected, and B, both open, and what was taken of cameras in which order."""

    cameras: dict[str, Known] = field(default_factory=lambda: {"A": Known("Canon", "1"), "B": Known("Nikon", "2")})
    selected: str | None = "A"
    taken: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.choices = Choices(self.cameras, lambda: self.selected)

    async def use(self, name: str, camera_id: str | None = None) -> str:
        """Take what a request needs of a camera."""

        def take() -> str:
            wanted = camera_id or self.selected
            if wanted not in self.cameras:
                raise CameraNotOpen(f"{wanted} is not open.")
            self.taken.append(f"{name} {wanted}")
            return name

        return await self.choices.after((camera_id,), take, self.given_back.append)

    async def choose(self, choice: Choice, gate: asyncio.Event) -> None:
        """Make a choice that lasts until the gate opens."""
        async with self.choices.make(choice):
            await gate.wait()
            if choice.kind == "close":
                self.cameras.pop(choice.camera_id or self.selected or "", None)
                self.selected = None if choice.camera_id in {None, self.selected} else self.selected
                return
            wanted = choice.camera_id or next(one for one, known in self.cameras.items() if choice.names(known))
            self.cameras.setdefault(wanted, Known("New", "3"))
            self.selected = wanted if choice.selects else self.selected


Case = tuple[str | None, bool]
CASES: dict[str, tuple[Choice, tuple[Case, ...]]] = {
    "open beside": (Choice("open", "C"), ((None, True), ("C", True), ("A", False), ("B", False))),
    "open unselected": (Choice("open", "C", selects=False), ((None, False), ("C", True), ("A", False), ("B", False))),
    "open by model": (Choice("open", model="Canon"), ((None, True), ("A", True), ("B", False))),
    "open any": (Choice("open"), ((None, True), ("A", True), ("B", True))),
    "close selected": (Choice("close"), ((None, True), ("A", True), ("B", False))),
    "close other": (Choice("close", "B"), ((None, False), ("A", False), ("B", True))),
}


@pytest.mark.parametrize("name", CASES)
async def test_only_requests_whose_camera_is_being_chosen_wait(name: str) -> None:
    """Whoever means another camera goes on, however long the choice takes."""
    choice, cases = CASES[name]
    desk, gate = Desk(), asyncio.Event()
    choosing = asyncio.create_task(desk.choose(choice, gate))
    await turns(3)
    users = {camera_id: asyncio.create_task(desk.use("request", camera_id)) for camera_id, _ in cases}
    await turns(3)
    assert {camera_id: not user.done() for camera_id, user in users.items()} == dict(cases)
    gate.set()
    await asyncio.gather(choosing, *users.values(), return_exceptions=True)


async def test_who_waited_goes_on_before_who_came_later_and_means_what_was_chosen() -> None:
    """They take their places in the moment in which the choice is made, not when their tasks wake up."""
    desk, gate = Desk(), asyncio.Event()
    choosing = asyncio.create_task(desk.choose(Choice("open", "B"), gate))
    await turns(3)
    waiting = [asyncio.create_task(desk.use(f"early {number}")) for number in range(3)]
    await turns(3)
    gate.set()
    choosing.add_done_callback(lambda _: waiting.append(asyncio.ensure_future(desk.use("late"))))
    await choosing
    await turns(3)
    await asyncio.gather(*waiting)
    assert desk.taken == ["early 0 B", "early 1 B", "early 2 B", "late B"]


async def test_each_request_means_what_the_last_choice_before_it_chose() -> None:
    desk, gates = Desk(), [asyncio.Event(), asyncio.Event()]
    tasks = [
        asyncio.create_task(desk.use("first")),
        asyncio.create_task(desk.choose(Choice("open", "B"), gates[0])),
        asyncio.create_task(desk.use("second")),
        asyncio.create_task(desk.choose(Choice("open", "A"), gates[1])),
        asyncio.create_task(desk.use("third")),
    ]
    await turns(3)
    gates[1].set()
    await turns(3)
    assert desk.taken == ["first A"]
    gates[0].set()
    await asyncio.gather(*tasks)
    assert desk.taken == ["first A", "second B", "third A"]


async def test_a_close_that_overtook_an_open_closes_what_it_opened() -> None:
    desk, gate = Desk(cameras={}, selected=None), asyncio.Event()
    tasks = [
        asyncio.create_task(desk.choose(Choice("open", "C"), gate)),
        asyncio.create_task(desk.use("between", "C")),
        asyncio.create_task(desk.choose(Choice("close", "C"), gate)),
        asyncio.create_task(desk.use("behind", "C")),
    ]
    await turns(3)
    gate.set()
    *_, behind = await asyncio.gather(*tasks, return_exceptions=True)
    assert desk.taken == ["between C"]
    assert isinstance(behind, CameraNotOpen)
    assert desk.cameras == {}


async def test_what_was_taken_for_who_has_given_up_is_given_back() -> None:
    desk, gate, choice = Desk(), asyncio.Event(), Choice("open", "B")
    choosing = asyncio.create_task(desk.choose(choice, gate))
    await turns(3)
    gone, stays = asyncio.create_task(desk.use("gone")), asyncio.create_task(desk.use("stays"))
    await turns(3)

    def give_up() -> None:
        """Come when its place is taken already and it has not heard of it."""
        gone.cancel()

    choice.followers.append(give_up)
    gate.set()
    await asyncio.gather(choosing, gone, stays, return_exceptions=True)
    assert gone.cancelled()
    assert desk.taken == ["gone B", "stays B"]
    assert desk.given_back == ["gone"]


async def test_a_choice_that_is_given_up_lets_those_behind_it_wait_for_the_one_before() -> None:
    desk, gate = Desk(), asyncio.Event()
    first = asyncio.create_task(desk.choose(Choice("open", "B"), gate))
    await turns(3)
    second = asyncio.create_task(desk.choose(Choice("open", "A"), gate))
    await turns(3)
    user = asyncio.create_task(desk.use("request"))
    await turns(3)
    second.cancel()
    await turns(3)
    assert not user.done()
    gate.set()
    await asyncio.gather(first, second, user, return_exceptions=True)
    assert desk.taken == ["request B"]


@pytest.mark.parametrize("kind", ["open", "close"])
async def test_a_choice_that_fails_lets_those_behind_it_go_on(kind: Literal["open", "close"]) -> None:
    desk, gate = Desk(), asyncio.Event()

    async def fail() -> None:
        async with desk.choices.make(Choice(kind)):
            await gate.wait()
            raise CameraNotOpen("No.")

    failing = asyncio.create_task(fail())
    await turns(3)
    user = asyncio.create_task(desk.use("request"))
    await turns(3)
    gate.set()
    with pytest.raises(CameraNotOpen):
        await failing
    assert await user == "request"
    assert desk.taken == ["request A"]
