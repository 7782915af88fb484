"""Frames delivered, processor time per frame, and age of frames, for one, some and many viewers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from bench.figures import median
from bench.processes import Helper, Server, Simulator, helper, server, simulator
from bench.table import Plan, Row, at_least, at_most
from bench.wire import Wire

KINDS = ("binary", "base64", "mjpeg")
APART = "broadcast with its camera apart"
COMPARED = (
    ("binary", "broadcast", 1.5),
    ("binary", APART, 1.5),
    ("base64", "binary", 2.0),
    ("mjpeg", "broadcast", None),
)
"""What is held against what in processor time, and the most that the ratio may be with sixteen viewers."""
FPS = 30.0
VIEWERS = (1, 16, 64)


@dataclass(frozen=True)
class Studio:
    """A server, its comparators, and viewers; each has a camera of its own in front of the same scene."""

    simulator: Simulator
    server: Server
    bare: Helper
    broadcasters: Mapping[str, tuple[int, list[int]]]
    """Port and processes, by what they are called."""
    viewers: Helper

    def previews(self, seconds: float) -> dict[str, float]:
        """Take previews with nothing around libgphoto2."""
        found: dict[str, float] = self.bare.ask("previews", port=self.simulator.port(1), seconds=seconds)
        return found

    def watch(self, kind: str, viewers: int, seconds: float, **slow: Any) -> dict[str, Any]:
        """Watch the server's live view."""
        found: dict[str, Any] = self.viewers.ask(
            "watch", port=self.server.port, kind=kind, viewers=viewers, seconds=seconds, pids=self.server.pids, **slow
        )
        return found

    def watch_broadcast(self, viewers: int, seconds: float, whose: str = "broadcast", **slow: Any) -> dict[str, Any]:
        """Watch a comparator's live view."""
        port, pids = self.broadcasters[whose]
        found: dict[str, Any] = self.viewers.ask(
            "watch", port=port, kind="binary", viewers=viewers, seconds=seconds, pids=pids, **slow
        )
        return found


@contextmanager
def studio(fps: float) -> Iterator[Studio]:
    """Set everything up."""
    with ExitStack() as stack:
        simulated = stack.enter_context(simulator("--fps", str(fps), cameras=4))
        simulated.light_up()
        serving = stack.enter_context(server(simulated))
        with Wire(serving.url) as wire:
            wire.do("SELECT_CAMERA")
        bare = stack.enter_context(helper("bench.bare"))
        bare.ask("open", port=simulated.port(1))
        broadcasters = {
            "broadcast": stack.enter_context(helper("bench.broadcaster", simulated.port(2))),
            APART: stack.enter_context(helper("bench.broadcaster", simulated.port(3), "apart")),
        }
        viewers = stack.enter_context(helper("bench.viewers"))
        # The server has switched its own lamps off, of which the scene knows nothing: these are the simulator's.
        simulated.light_up()
        ports = {whose: tuple(broadcaster.answer()) for whose, broadcaster in broadcasters.items()}
        yield Studio(simulated, serving, bare, ports, viewers)


def run(plan: Plan) -> list[Row]:
    """Compare with a bare preview loop and with `websockets.broadcast`, one after the other, several times."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    bare: list[dict[str, float]] = []
    counts = VIEWERS[:1] if plan.quick else VIEWERS
    with studio(FPS) as place:
        for number in range(plan.rounds):
            plan.say(f"live view, round {number + 1} of {plan.rounds}")
            for viewers in counts:
                bare.append(place.previews(plan.seconds))
                for whose in place.broadcasters:
                    found[whose, viewers].append(place.watch_broadcast(viewers, plan.seconds, whose))
                for kind in KINDS:
                    found[kind, viewers].append(place.watch(kind, viewers, plan.seconds))
    camera_fps = median([each["fps"] for each in bare])
    own_us = max(each["own_us"] for several in found.values() for each in several)
    plan.say(f"frames of {bare[0]['bytes'] / 1000:.0f} KB; the viewers' own time was {own_us:.0f} µs a frame at most")
    return [
        *(_delivered(found[kind, viewers], kind, viewers, camera_fps) for kind in KINDS for viewers in counts),
        *(row for viewers in counts for row in _cost(found, viewers)),
        *(_age(found, viewers) for viewers in counts),
    ]


def _delivered(found: list[dict[str, Any]], kind: str, viewers: int, camera_fps: float) -> Row:
    fps = median([min(each["fps"]) for each in found])
    return Row(
        f"frames per viewer, {kind}, {_count(viewers)}", f"{fps:.1f} fps, the slowest",
        f"{camera_fps:.1f} fps, bare loop", fps / camera_fps, at_least(0.98),
    )  # fmt: skip


def _cost(found: dict[tuple[str, int], list[dict[str, Any]]], viewers: int) -> Iterator[Row]:
    cost = {kind: median([each["cpu_us"] for each in found[kind, viewers]]) for kind in (*KINDS, "broadcast", APART)}
    for kind, against, goal in COMPARED:
        yield Row(
            f"processor time per frame, {kind}, {_count(viewers)}", f"{cost[kind]:.0f} µs",
            f"{cost[against]:.0f} µs, {against}", cost[kind] / cost[against],
            at_most(goal) if goal is not None and viewers == 16 else None,
        )  # fmt: skip


def _age(found: dict[tuple[str, int], list[dict[str, Any]]], viewers: int) -> Row:
    ours, theirs = (median([each["p99_ms"] for each in found[kind, viewers]]) for kind in ("binary", "broadcast"))
    return Row(
        f"camera to viewer, 99 of 100 frames, binary, {_count(viewers)}", f"{ours:.1f} ms",
        f"{1000 / FPS:.1f} ms, a frame interval (broadcast: {theirs:.1f} ms)", ours * FPS / 1000, at_most(1),
    )  # fmt: skip


def _count(viewers: int) -> str:
    return f"{viewers} viewer{'s' if viewers > 1 else ''}"
