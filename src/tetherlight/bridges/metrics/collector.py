"""The figures of a rig: names and labels that dashboards and alerts rely upon."""

import asyncio
import itertools
import socket
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tetherlight import measures
from tetherlight.bridges.bridge import Status
from tetherlight.bridges.metrics.lag import Lag
from tetherlight.protocol.messages import PROTOCOL_VERSION
from tetherlight.protocol.models import CameraState, CameraStatus, JobState, Storage
from tetherlight.rig.rig import Rig

Values = Mapping[Any, float]
"""By the words of the labels, in their order."""
BOUNDS = [f"{bound:g}" for bound in measures.BOUNDS_S] + ["+Inf"]


class Figures:
    """Collects the figures of one server."""

    def __init__(self, rig: Rig, statuses: Callable[[], Mapping[str, Status]], clients: Callable[[], int]) -> None:
        self._rig = rig
        self._statuses = statuses
        self._clients = clients
        self._lag = Lag()
        self._process = ProcessCollector(registry=None)

    async def text(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        storage = await asyncio.to_thread(self._rig.store.space.storage)
        # The rig is read on its loop; to write it down takes longer, and is done beside it.
        families = [*self._families(storage)]
        return await asyncio.to_thread(_written, families, self._process)

    def _families(self, storage: Storage) -> Iterator[Metric]:
        rig = self._rig
        station = rig.lights.rig_file.bridges.name or socket.gethostname()
        yield _gauge(
            "build_info", "What runs here.", ("version", "protocol", "station"),
            {(version("tetherlight"), str(PROTOCOL_VERSION), station): 1},
        )  # fmt: skip
        yield from _cameras(rig.cameras.statuses(), self._ages())
        yield _gauge("card_free_bytes", "Room on the cards of a camera that says it.", ("camera",), self._rooms())
        yield from _captures()
        yield from _liveview()
        yield from _lights(rig)
        states = Tally(job.state for job in rig.jobs.list())
        by_state = {(state.value,): states[state] for state in JobState}
        yield _gauge("job_state", "How many of the jobs that are listed stand so.", ("state",), by_state)
        yield _gauge("store_free_bytes", "Room on the disk of the captures.", (), {(): storage.free_bytes})
        yield _gauge("store_total_bytes", "Size of the disk of the captures.", (), {(): storage.total_bytes})
        yield _times("store_write_seconds", "Files that were written and waited for.", (), measures.WRITE_SECONDS)
        yield _gauge("ws_clients", "Clients that are connected.", (), {(): self._clients()})
        yield _counter("ws_closed_slow", "Clients that read too slowly.", (), measures.SLOW_CLIENTS)
        lag = self._lag.read()
        yield _gauge("event_loop_lag_seconds", "The longest lag since the last scrape.", (), {(): lag})
        yield from _bridges(self._statuses())

    def _rooms(self) -> Values:
        rooms = {camera.camera_id: camera.card_free_bytes() for camera in self._rig.cameras.open}
        return {(camera_id,): room for camera_id, room in rooms.items() if room is not None}

    def _ages(self) -> dict[str, float]:
        now, cameras = time.time(), self._rig.cameras
        names = [camera.camera_id for camera in cameras.open]
        views = ((name, cameras.liveview(name).newest_at) for name in names)
        return {camera_id: max(0.0, now - at) for camera_id, at in views if at is not None}


def _cameras(statuses: Iterable[CameraStatus], ages: Mapping[str, float]) -> Iterator[Metric]:
    found = list(statuses)
    up = {(one.camera_id,): int(one.state is CameraState.READY) for one in found}
    battery = {(one.camera_id,): one.battery_percent / 100 for one in found if one.battery_percent is not None}
    shots = {(one.camera_id,): one.shots_left for one in found if one.shots_left is not None}
    viewers = {(one.camera_id,): one.liveview_viewers for one in found}
    camera = ("camera",)
    yield _gauge("camera_up", "Whether an open camera answers.", camera, up)
    yield _gauge("camera_battery_ratio", "Charge of the battery, from 0 to 1.", camera, battery)
    yield _gauge("camera_shots_left", "Pictures for which the card has room.", camera, shots)
    yield _gauge("liveview_viewers", "Who watches the live view.", camera, viewers)
    yield _gauge("frame_age_seconds", "Age of the newest frame of a live view that runs.", camera,
                 {(one,): age for one, age in ages.items()})  # fmt: skip
    yield _counter("camera_restarts", "Processes of cameras that were started again.", ("reason",), measures.RESTARTS)
    yield _times("camera_call_seconds", "Calls to cameras.", ("call",), measures.CALL_SECONDS)


def _captures() -> Iterator[Metric]:
    text = "Parts of captures, one after the other: exposure, transfer from the camera, write to the disk."
    yield _times("capture_seconds", text, ("phase",), measures.CAPTURE_SECONDS)
    yield _counter("captures", "Captures.", ("result",), measures.CAPTURES)
    yield _counter("set_step_retries", "Steps that were taken again by themselves.", (), measures.RETRIES)


def _liveview() -> Iterator[Metric]:
    yield _counter("liveview_frames", "Frames that came from a camera.", ("camera",), measures.FRAMES)
    yield _counter("liveview_frames_dropped", "Frames that a client was too slow for.", (), measures.FRAMES_DROPPED)


def _lights(rig: Rig) -> Iterator[Metric]:
    on = {(name,): int(state) for name, state in rig.lights.states.items()}
    seconds = CounterMetricFamily("light_on_seconds", "How long a light has been on.", labels=["light"])
    totals = measures.LIGHT_SECONDS.totals(time.monotonic())
    for name in rig.lights.states:
        seconds.add_metric([name], totals.get(name, 0.0))
    yield _gauge("light_on", "Whether a light is on.", ("light",), on)
    yield seconds
    yield _counter("light_guard_trips", "Lights that went off because of a limit.", ("reason",), measures.GUARD_TRIPS)


def _bridges(statuses: Mapping[str, Status]) -> Iterator[Metric]:
    if (mqtt := statuses.get("mqtt")) is not None:
        yield _gauge("mqtt_connected", "Whether the broker is there.", (), {(): int(mqtt.connected)})
    if (hooks := statuses.get("hooks")) is not None:
        events = CounterMetricFamily("hook_events", "Events for hooks.", labels=["result"])
        for result in ("told", "failed", "dropped"):
            events.add_metric([result], hooks.counts.get(result, 0))
        yield events


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for words, value in values.items():
        family.add_metric(words, value)
    return family


def _counter(name: str, text: str, labels: tuple[str, ...], counter: measures.Counter) -> Metric:
    """Make a family of what was counted; its name gets `_total` behind it."""
    family = CounterMetricFamily(name, text, labels=labels)
    counts = counter.counts()
    # What has no words is there from the beginning: an alert can tell 0 from nothing.
    for word, count in counts.items() if labels else [("", counts.get("", 0))]:
        family.add_metric([word] if labels else [], count)
    return family


def _times(name: str, text: str, labels: tuple[str, ...], times: measures.Times) -> Metric:
    family = HistogramMetricFamily(name, text, labels=labels)
    for word, (classes, total) in times.times().items():
        buckets = list(zip(BOUNDS, itertools.accumulate(classes), strict=True))
        family.add_metric([word] if labels else [], buckets, total)
    return family


class _Collected(Collector):
    """Families that are there already, as a collector."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _written(families: Iterable[Metric], process: Collector) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    registry.register(process)
    return generate_latest(registry)
