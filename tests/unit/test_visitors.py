"""Who may stay when there are too many connections, and for whom a proxy asks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from tetherlight.server.access.proxies import Proxies
from tetherlight.server.access.strangers import Strangers
from tetherlight.server.access.visitors import Visitor, Visitors, counted_address


class Hall:
    """A table of connections, and who was dropped from it."""

    def __init__(self, most: int = 4, per_address: int = 2) -> None:
        self.visitors = Visitors(most, per_address)
        self.dropped: list[str] = []

    def come(self, name: str, address: str | None = None, *, known: bool = False, rests: bool = False) -> Visitor:
        """Let somebody come; who is refused is dropped as well."""
        visitor = Visitor(self.visitors, drop=lambda: self.dropped.append(name), rests=lambda: rests)
        if not visitor.enter(address):
            self.dropped.append(f"{name} refused")
        visitor.shows(known=known)
        return visitor


def test_the_oldest_that_has_not_shown_the_token_goes_for_a_newcomer() -> None:
    hall = Hall()
    hall.come("known", known=True)
    for name in "abc":
        hall.come(name)
    hall.come("new")
    assert hall.dropped == ["a"]
    assert len(hall.visitors) == 4


def test_where_all_have_shown_it_one_goes_that_rests_and_else_nobody() -> None:
    hall = Hall(most=2)
    hall.come("busy", known=True)
    hall.come("resting", known=True, rests=True)
    hall.come("third", known=True)
    assert hall.dropped == ["resting"]
    hall.come("fourth")
    assert hall.dropped == ["resting", "fourth refused"]
    assert len(hall.visitors) == 2


def test_an_address_holds_only_so_many_places_before_it_shows_the_token() -> None:
    hall = Hall(most=100)
    hall.come("other", "10.0.0.2")
    first = hall.come("first", "10.0.0.1")
    first.shows(known=True)
    for name in "abc":
        hall.come(name, "10.0.0.1")
    assert hall.dropped == ["a"]
    hall.come("here")
    hall.come("here, too")
    hall.come("here, as well")
    assert hall.dropped == ["a"]


def test_who_comes_through_a_proxy_counts_where_the_proxy_says() -> None:
    hall = Hall(most=100)
    for name in "abc":
        hall.come(name).comes_from("203.0.113.7")
    hall.come("d").comes_from("203.0.113.8")
    assert hall.dropped == ["a"]


def test_who_has_left_takes_no_place() -> None:
    hall = Hall(most=2)
    gone = hall.come("gone", "10.0.0.1")
    gone.leave()
    gone.leave()
    gone.shows(known=True)
    gone.comes_from("10.0.0.9")
    hall.come("a", "10.0.0.1")
    hall.come("b", "10.0.0.1")
    assert hall.dropped == []
    assert len(hall.visitors) == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["come", "leave", "show", "hide", "move"]),
            st.integers(0, 20),
            st.sampled_from([None, "10.0.0.1", "10.0.0.2"]),
        )
    )
)
@settings(deadline=None)
def test_however_they_come_and_go_the_bounds_hold_and_who_is_dropped_is_gone(
    steps: list[tuple[str, int, str | None]],
) -> None:
    hall = Hall(most=5)
    there: dict[str, Visitor] = {}
    for number, (what, which, address) in enumerate(steps):
        chosen = list(there.values())[which % len(there)] if there else None
        if what == "come":
            there[str(number)] = hall.come(str(number), address)
        elif chosen is not None:
            match what:
                case "leave":
                    chosen.leave()
                case "show" | "hide":
                    chosen.shows(known=what == "show")
                case "move":
                    chosen.comes_from(address)
        inside = [one for one in there.values() if one in hall.visitors]
        assert len(hall.visitors) == len(inside) <= 5
        for counted in ("10.0.0.1", "10.0.0.2"):
            assert sum(one.address == counted and not one.known for one in inside) <= 2
        assert not [name for name in hall.dropped if name in there and there[name] in hall.visitors]


@pytest.mark.parametrize(
    ("address", "forwarded", "counted"),
    [
        ("192.168.1.20", False, "192.168.1.20"),
        ("::ffff:192.168.1.20", False, "192.168.1.20"),
        ("2001:db8:1:2:3:4:5:6", False, "2001:db8:1:2::/64"),
        ("127.0.0.1", False, None),
        ("127.3.4.5", False, None),
        ("::1", False, None),
        ("::ffff:127.0.0.1", False, None),
        ("127.0.0.1", True, "127.0.0.1"),
        ("::1", True, "::1"),
        ("local", False, None),
        (None, False, None),
        ("fe80::1%eth0", False, "fe80::/64"),
    ],
)
def test_an_address_is_counted_as_the_machine_or_network_that_it_is(
    address: str | None, forwarded: bool, counted: str | None
) -> None:
    assert counted_address(address, forwarded=forwarded) == counted


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.2.3.4", "203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["unknown"], None),
        ("10.0.0.1", ["203.0.113.7, unknown"], None),
        ("10.0.0.1", [""], None),
        ("10.0.0.1", [], None),
        ("203.0.113.9", ["203.0.113.7"], None),
        ("local", ["203.0.113.7"], None),
        ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
    ],
)
def test_only_a_trusted_proxy_is_believed_for_whom_it_asks(peer: str, lines: list[str], client: str | None) -> None:
    """And of what it passes on only what it, or another one of ours, has added itself."""
    headers = Headers(raw=[(b"x-forwarded-for", line.encode()) for line in lines])
    assert Proxies(["10.0.0.0/8"]).forwarded(peer, headers) == client


def test_a_stranger_who_waits_gives_way_to_a_newcomer_where_its_address_holds_the_most_places() -> None:
    """So who fills the places pushes out itself, and one that is about to show the token stays."""
    waiting = Strangers[str](places=4)
    assert [waiting.add(name, "10.0.0.1") for name in ("right", "wrong")] == [None, None]
    waiting.remove("wrong")
    assert [waiting.add(name, "10.0.0.2") for name in "abc"] == [None] * 3
    assert [waiting.add(name, "10.0.0.2") for name in "defg"] == ["a", "b", "c", "d"]
    assert set(waiting) == {"right", *"efg"}


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["a", "b", "c", None]), st.booleans()), max_size=60))
def test_strangers_never_hold_more_than_their_places(moves: list[tuple[int, str | None, bool]]) -> None:
    """Each one that came is there until it was removed or had to go."""
    waiting, there = Strangers[int](places=5), set[int]()
    for number, address, comes in moves:
        waiting.remove(number)
        there.discard(number)
        if comes:
            there.add(number)
            there.discard(-1 if (leaves := waiting.add(number, address)) is None else leaves)
        assert set(waiting) == there
        assert len(waiting) == len(there) <= 5
