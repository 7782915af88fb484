"""Figures: what is counted, who may read them, and that dashboards and alerts name only what there is."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from starlette.datastructures import Headers

from support.patience import stretched
from support.served_app import Served, serving
from tetherlight import measures
from tetherlight.bridges.bridge import Site, Status
from tetherlight.bridges.metrics.bridge import open_bridge
from tetherlight.bridges.metrics.collector import Figures
from tetherlight.bridges.metrics.lag import Lag
from tetherlight.errors import Forbidden
from tetherlight.protocol.events import LIGHT_TRIPPED, LIGHTS_CHANGED, PHOTOMETRIC_PROGRESS, PhotometricProgress
from tetherlight.protocol.lights import LightStates, LightTrip
from tetherlight.protocol.models import CameraState, CameraStatus, JobState, Storage
from tetherlight.publisher import Publisher
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.server.access.proxies import FORWARDING
from tetherlight.server.gate import require_this_machine

DEPLOY = Path(__file__).parents[2] / "deploy"
OF_THE_DESIGN = {
    "camera_up", "camera_restarts_total", "camera_call_seconds", "camera_battery_ratio", "card_free_bytes",
    "capture_seconds", "captures_total", "liveview_frames_total", "liveview_frames_dropped_total", "liveview_viewers",
    "frame_age_seconds", "light_on", "light_on_seconds_total", "light_guard_trips_total", "job_state",
    "set_step_retries_total", "store_free_bytes", "store_write_seconds", "ws_clients", "ws_closed_slow_total",
    "event_loop_lag_seconds", "mqtt_connected", "build_info",
}  # fmt: skip
EXTRAS = {"prometheus_client", "aiomqtt", "paho", "zeroconf", "ifaddr", "numpy"}
"""What bridges load, and numpy."""
PHASES = {"exposure", "transfer", "write"}
LABELS = {"camera", "light", "station", "reason", "call", "phase", "result", "state", "version", "protocol"}


def rig() -> Any:
    """As much of a rig as figures are made of."""
    status = CameraStatus(
        camera_id="c1", model="EOS R5", port="usb:1,2", state=CameraState.READY, battery_percent=80, shots_left=12,
        liveview_viewers=2, open=True, selected=True,
    )  # fmt: skip
    job = SimpleNamespace(state=JobState.PAUSED)
    camera = SimpleNamespace(camera_id="c1", card_free_bytes=lambda: 32_000_000_000)
    view = SimpleNamespace(newest_at=1.0)
    storage = Storage(path="captures", free_bytes=5, total_bytes=9)
    return SimpleNamespace(
        publisher=Publisher(),
        store=SimpleNamespace(space=SimpleNamespace(storage=lambda: storage)),
        cameras=SimpleNamespace(statuses=lambda: [status], open=[camera], liveview=lambda _: view),
        jobs=SimpleNamespace(list=lambda: [job]),
        lights=SimpleNamespace(
            states={"left": True, "a b/c": False}, rig_file=RigFile.parse('bridges.name = "cellar"', Path("rig.toml"))
        ),
    )


async def figures(one: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Give every figure by its name and its labels."""
    statuses = {"mqtt": Status("mqtt", connected=True), "hooks": Status("hooks", counts={"told": 3})}
    text = await Figures(one, lambda: statuses, lambda: 4).text()
    samples = [sample for family in text_string_to_metric_families(text.decode()) for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


@pytest.fixture
def counted() -> None:
    """One of everything has happened."""
    measures.CALL_SECONDS.add("preview", 0.004)
    for phase in PHASES:
        measures.CAPTURE_SECONDS.add(phase, 0.2)
    measures.WRITE_SECONDS.add("", 0.001)
    measures.RESTARTS.add("camera_crashed")
    measures.CAPTURES.add("ok")
    measures.FRAMES.add("c1")
    measures.GUARD_TRIPS.add("duty")


@pytest.mark.usefixtures("counted")
async def test_every_figure_of_the_design_is_there_under_its_name() -> None:
    found = await figures(rig())
    names = {name for name, _ in found}
    assert OF_THE_DESIGN - {re.sub(r"_(bucket|count|sum)$", "", name) for name in names} == set()
    labels = {label for name, words in found for label, _ in words if not name.startswith(("process_", "python_"))}
    assert labels - {"le"} <= LABELS
    assert {dict(words).get("phase") for name, words in found if name == "capture_seconds_count"} == PHASES
    assert found["card_free_bytes", (("camera", "c1"),)] == 32_000_000_000
    assert found["camera_up", (("camera", "c1"),)] == 1
    assert found["camera_battery_ratio", (("camera", "c1"),)] == 0.8
    assert found["light_on", (("light", "left"),)] == 1
    assert found["light_on", (("light", "a b/c"),)] == 0
    assert found["job_state", (("state", "paused"),)] == 1
    assert found["job_state", (("state", "failed"),)] == 0
    assert found["hook_events_total", (("result", "told"),)] == 3
    assert (found["store_free_bytes", ()], found["ws_clients", ()]) == (5, 4)
    assert found["frame_age_seconds", (("camera", "c1"),)] > 1e9


def test_times_are_counted_by_class() -> None:
    times = measures.Times()
    for seconds in (0.0005, 0.001, 0.3, 1000.0):
        times.add("a", seconds)
    classes, total = times.times()["a"]
    assert (classes[0], classes[8], classes[-1], sum(classes)) == (2, 1, 1, 4)
    assert total == pytest.approx(1000.3015)


def test_a_span_counts_while_something_is_so() -> None:
    spans = measures.Spans()
    spans.stand(["a"], 10.0)
    spans.stand(["a", "b"], 12.0)
    spans.stand(["b"], 15.0)
    assert dict(spans.totals(16.0)) == {"a": 5.0, "b": 4.0}


async def test_lights_trips_and_retries_are_counted_as_they_are_published() -> None:
    one = rig()
    trips, retries = measures.GUARD_TRIPS.counts().get("max_on_s", 0), measures.RETRIES.counts().get("", 0)
    status = Status("metrics")
    async with open_bridge(Site(one, None, status)):
        states = LightStates(states={"counted": True}, gpio_available=False, driver="simulated", lights=[])
        one.publisher.publish(LIGHTS_CHANGED, states)
        one.publisher.publish(LIGHT_TRIPPED, LightTrip(light="counted", limit="max_on_s", message="It was on."))
        progress = PhotometricProgress(status="retaking_light_1_of_2", set_folder="a", job_id="j", index=1, total=2)
        one.publisher.publish(PHOTOMETRIC_PROGRESS, progress)
    one.publisher.publish(LIGHT_TRIPPED, LightTrip(light="counted", limit="max_on_s", message="Nobody listens."))
    assert measures.GUARD_TRIPS.counts()["max_on_s"] == trips + 1
    assert measures.RETRIES.counts()[""] == retries + 1
    assert "counted" in measures.LIGHT_SECONDS.totals(0)


async def test_lag_is_measured_while_somebody_asks() -> None:
    loop, one = asyncio.get_running_loop(), Lag()
    assert one.read() == 0.0
    one._look(loop, loop.time() - 3.0)
    assert one.read() >= 3.0
    assert one.read() == 0.0
    one.end()


# Who may read


@pytest.fixture
async def guarded() -> AsyncIterator[Served]:
    async with serving(api_token="the-owners-secret") as server:
        yield server


async def test_where_a_token_is_set_figures_need_one(guarded: Served) -> None:
    async with guarded.http() as http:
        assert (await http.get("/metrics")).status_code == 401
        assert (await http.get("/metrics", headers={"Authorization": "Bearer wrong"})).status_code == 401


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"])
def test_where_no_token_is_set_this_machine_reads_figures(peer: str) -> None:
    require_this_machine(peer, Headers({"host": "localhost"}))


@pytest.mark.parametrize("peer", ["192.168.1.7", "::2", "local", ""])
def test_and_no_other_machine_does(peer: str) -> None:
    with pytest.raises(Forbidden):
        require_this_machine(peer, Headers({}))


@pytest.mark.parametrize("header", sorted(FORWARDING))
def test_nor_who_is_passed_on_by_a_proxy_here(header: str) -> None:
    """A proxy on this machine carries the requests of everybody."""
    with pytest.raises(Forbidden):
        require_this_machine("127.0.0.1", Headers({header: "192.168.1.7"}))


async def test_a_proxy_that_says_for_whom_it_asks_gets_no_figures() -> None:
    async with serving() as server, server.http() as http:
        answer = await http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert (answer.status_code, answer.json()["error_code"]) == (403, "forbidden")


def test_nothing_of_it_is_loaded_before_somebody_asks() -> None:
    """Neither by the server nor by what counts; of other bridges that the rig file does not want, neither."""
    code = "import sys, tetherlight.server.app, tetherlight.bridges.metrics.bridge; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=stretched(60)
    )
    loaded = done.stdout.split()
    assert "tetherlight.measures" in loaded
    assert [name for name in loaded if name.startswith("tetherlight.bridges.hooks")] == []
    assert {name.partition(".")[0] for name in loaded}.isdisjoint(EXTRAS)


async def test_without_the_library_figures_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tetherlight.bridges.metrics.collector", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    async with serving() as server, server.http() as http:
        answer = await http.get("/metrics")
    assert (answer.status_code, answer.json()["error_code"]) == (501, "not_installed")
    assert "prometheus_client" in answer.json()["error"]


# What is deployed


async def known() -> set[str]:
    """Every name that a query may use."""
    return {name for name, _ in await figures(rig())} | {"up"}


def named(expression: str) -> set[str]:
    """The names of figures in a query."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"|\b(?:by|without|on|ignoring)\s*\([^)]*\)", "", expression)
    words = set(re.findall(r"[a-z_][a-z0-9_]*(?!\w*\s*\()", bare))
    return {word for word in words if "_" in word or word == "up"} - {"histogram_quantile", "label_values"}


@pytest.mark.usefixtures("counted")
async def test_the_dashboard_names_only_figures_that_there_are() -> None:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(queries) >= 12
    used = set().union(*map(named, queries))
    assert used - await known() == set()
    assert len(used) >= 12


@pytest.mark.usefixtures("counted")
async def test_the_alerts_name_only_figures_that_there_are() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(alerts) >= 6
    used = set().union(*(named(rule["expr"]) for rule in alerts))
    assert used - await known() == set()
    assert all({"summary", "description"} <= set(rule["annotations"]) for rule in alerts)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_promtool_understands_the_alerts() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", str(DEPLOY / "prometheus-alerts.yml")],
        capture_output=True, text=True, check=False, timeout=stretched(60),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
