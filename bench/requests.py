"""How long requests take: a cached read beside an echo, a setting and a capture beside bare python-gphoto2."""

import itertools
import json
from contextlib import ExitStack
from typing import Any

from bench.figures import median
from bench.processes import helper, server, simulator
from bench.table import Plan, Row, at_most
from bench.wire import Wire

ISO = ("100", "200")
SLOW_SETTING_S = 0.02
"""A camera of glass and metal needs tens of milliseconds to take a setting; the simulator needs one."""
ALL, ONE = '{"action": "GET_CONFIG"}', '{"action": "GET_CONFIG", "payload": {"config_name": "iso"}}'


def run(plan: Plan) -> list[Row]:
    """Compare request by request, in turn."""
    return [*_reading(plan), *_setting_and_capturing(plan)]


def _reading(plan: Plan) -> list[Row]:
    rows = []
    with simulator(cameras=1) as simulated, server(simulated) as serving, Wire(serving.url) as wire:
        wire.do("SELECT_CAMERA")
        for text, what in ((ONE, "GET_CONFIG of one entry"), (ALL, "GET_CONFIG of all entries")):
            request = json.loads(text)
            length = len(json.dumps(wire.ask(request["action"], **request.get("payload", {})), separators=(",", ":")))
            rows += _beside_echo(plan, wire, text, what, length)
    return rows


def _beside_echo(plan: Plan, wire: Wire, text: str, what: str, length: int) -> list[Row]:
    count = plan.rounds * (20 if plan.quick else 150)
    with ExitStack() as stack:
        asked: dict[str, Wire] = {"ours": wire}
        for stack_name in ("uvicorn", "websockets"):
            echoing = stack.enter_context(helper("bench.echo", stack_name, str(length)))
            asked[stack_name] = stack.enter_context(Wire(f"ws://127.0.0.1:{echoing.answer()}/ws"))
        plan.say(f"{what}, {count} times, answers of {length / 1000:.1f} KB")
        took: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(count):
            for name, connection in asked.items():
                took[name].append(connection.echo(text) * 1e6)
    middle = {name: median(times) for name, times in took.items()}
    return [
        Row(
            f"{what}, median", f"{middle['ours']:.0f} µs",
            f"{middle['uvicorn']:.0f} µs, echo on FastAPI (websockets alone: {middle['websockets']:.0f} µs)",
            middle["ours"] / middle["uvicorn"], at_most(1.5),
        )
    ]  # fmt: skip


def _setting_and_capturing(plan: Plan) -> list[Row]:
    size = ("--width", "600", "--height", "400") if plan.quick else ("--width", "4300", "--height", "2900")
    rows = []
    with (
        simulator(*size, cameras=3) as simulated,
        server(simulated) as serving,
        helper("bench.bare") as bare,
        helper("bench.behind", simulated.port(2)) as behind,
        Wire(serving.url) as wire,
        Wire(f"ws://127.0.0.1:{behind.answer()}/ws") as apart,
    ):
        wire.do("SELECT_CAMERA")
        port = simulated.port(1)
        bare.ask("open", port=port)
        rows += _setting(plan, wire, bare, apart, port=port, how="at once")
        for camera in ("camera1", "camera2", "camera3"):
            simulated.control("fault", camera=camera, kind="delay", when="set_config", seconds=SLOW_SETTING_S)
        rows += _setting(plan, wire, bare, apart, port=port, how=f"after {SLOW_SETTING_S * 1000:.0f} ms")
        simulated.control("clear_faults")
        for word in ("JPEG", "RAW"):
            for camera in ("camera1", "camera2"):
                simulated.control("set_format", camera=camera, format=word)
            rows.append(_capturing(plan, wire, bare, port, word))
    return rows


def _setting(plan: Plan, wire: Wire, bare: Any, apart: Wire, *, port: str, how: str) -> list[Row]:
    took: dict[str, list[float]] = {"ours": [], "bare": [], "apart": []}
    count = plan.rounds * (3 if plan.quick else 60)
    plan.say(f"SET_CONFIG, {count} times")
    for value, _ in zip(itertools.cycle(ISO), range(count), strict=False):
        text = json.dumps({"action": "SET_CONFIG", "payload": {"config_name": "iso", "value": value}})
        took["ours"].append(wire.echo(text) * 1000)
        took["bare"].append(bare.ask("set", port=port, name="iso", value=value) * 1000)
        took["apart"].append(apart.echo(json.dumps({"value": value})) * 1000)
    ours, alone, through = (median(took[who]) for who in ("ours", "bare", "apart"))
    what = f"SET_CONFIG, the camera answers {how}, median"
    return [
        Row(what, f"{ours:.2f} ms", f"{alone:.2f} ms, bare set and read back", ours / alone, at_most(1.5)),
        Row(what, f"{ours:.2f} ms", f"{through:.2f} ms, the same apart", ours / through, at_most(1.2)),
    ]


def _capturing(plan: Plan, wire: Wire, bare: Any, port: str, word: str) -> Row:
    ours, theirs, size = [], [], 0
    text = json.dumps({"action": "CAPTURE_IMAGE"})
    # The first one may have to wait for the scene.
    wire.do("CAPTURE_IMAGE")
    bare.ask("capture", port=port)
    count = plan.rounds * (1 if plan.quick else 3)
    plan.say(f"CAPTURE_IMAGE, {word}, {count} times")
    for _ in range(count):
        ours.append(wire.echo(text))
        found = bare.ask("capture", port=port)
        theirs.append(found["seconds"])
        size = found["bytes"]
    return Row(
        f"CAPTURE_IMAGE, {word} of {size / 1e6:.1f} MB, median", f"{median(ours):.3f} s",
        f"{median(theirs):.3f} s, bare capture and durable write", median(ours) / median(theirs),
        at_most(1.1) if word == "RAW" else None,
    )  # fmt: skip
