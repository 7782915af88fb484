"""What a large archive costs: the start, what clients ask first, a set beside clients that list after each frame."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image

from bench.figures import cpu_seconds, median
from bench.processes import Simulator, helper, server, simulator, until_open
from bench.table import Plan, Row, at_most
from bench.wire import Wire
from tetherlight.protocol.manifest import CameraRecord, ConfigRecord, FileRecord, Manifest, StepRecord
from tetherlight.protocol.manifest import Plan as SetPlan
from tetherlight.protocol.models import JobState, StepState

SETS, IMAGES = 1000, 24
LIGHTS = 5
ASKERS = 3
REST_S = 3.0
"""Seconds in which files that were just made come of age, and the server looks at them behind its start."""
WHOLE = "the whole list of sets"
LIGHT_TOPICS = ["camera", "lights", "job"]


def run(plan: Plan) -> list[Row]:
    """Compare a server with a large archive to one with none."""
    count = 30 if plan.quick else SETS
    with archive(count, IMAGES) as folder, simulator(*_size(plan), cameras=1) as simulated:
        plan.say(f"archive of {count} sets of {IMAGES} images")
        return [
            *_starts(plan, simulated, folder),
            *_questions(plan, simulated, folder),
            *_beside(plan, simulated, folder),
        ]


@contextmanager
def archive(sets: int, images: int) -> Iterator[Path]:
    """Make a captures folder with so many complete sets, each of tiny images and a manifest of real length."""
    with tempfile.TemporaryDirectory(prefix="tetherlight-archive-") as name:
        folder = Path(name, "captures")
        jpeg = _jpeg()
        first = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(sets):
            began = first + timedelta(hours=number)
            place = folder / "photometric_sets" / f"object_{number:04d}_{began.astimezone():%Y%m%d-%H%M%S}"
            place.mkdir(parents=True)
            names = [f"image_{index:02d}_light_{index}.jpg" for index in range(1, images + 1)]
            for image in names:
                (place / image).write_bytes(jpeg)
            (place / "manifest.json").write_text(_manifest(began, names, len(jpeg)).model_dump_json(indent=2))
        yield folder


def _jpeg() -> bytes:
    encoded = BytesIO()
    Image.new("RGB", (16, 12), (90, 80, 70)).save(encoded, "JPEG")
    return encoded.getvalue()


def _manifest(began: datetime, names: list[str], size: int) -> Manifest:
    exposure = {"shutterspeed": "1/60", "aperture": "8", "iso": "100", "whitebalance": "Flash", "imageformat": "RAW"}
    steps = tuple(
        StepRecord(
            index=index, light=f"light_{index}", state=StepState.DONE, on_at=began, off_at=began, captured_at=began,
            exposure=exposure, files=(FileRecord(filename=name, size=size, sha256="0" * 64, mimetype="image/jpeg"),),
        )
        for index, name in enumerate(names, 1)
    )  # fmt: skip
    config = tuple(
        ConfigRecord(name=f"entry{number}", path=f"/main/settings/entry{number}", value="Auto", label="An entry")
        for number in range(60)
    )
    return Manifest(
        status=JobState.COMPLETED, started_at=began, finished_at=began + timedelta(minutes=2), plan=SetPlan(),
        camera=CameraRecord(model="Canon EOS 1300D", camera_id="canon-1"), steps=steps, config=config,
    )  # fmt: skip


def _starts(plan: Plan, simulated: Simulator, folder: Path) -> Iterator[Row]:
    large, empty = [], []
    for number in range(plan.rounds + 1):
        plan.say(f"start with an archive, {number + 1} of {plan.rounds + 1}")
        pair = _start(simulated, folder), _start(simulated, None)
        if number or plan.quick:  # the first time, the disk's cache is cold
            large.append(pair[0])
            empty.append(pair[1])
    for at, what in enumerate(("start to first answer with an archive", "the same in processor time")):
        ours, theirs = median([one[at] for one in large]), median([one[at] for one in empty])
        yield Row(what, f"{ours:.2f} s", f"{theirs:.2f} s, empty folder", ours / theirs, at_most(1.1))


def _start(simulated: Simulator, folder: Path | None) -> tuple[float, float]:
    """Return the seconds up to the first answer, and the processor time."""
    settings = {} if folder is None else {"CAPTURES_BASE_DIR": str(folder)}
    began = time.perf_counter()
    with server(simulated, wait=False, settings=settings) as serving:
        until_open(serving.port)
        with Wire(serving.url) as wire:
            wire.do("GET_SERVER_INFO")
            return time.perf_counter() - began, cpu_seconds(serving.pids)


def _questions(plan: Plan, simulated: Simulator, folder: Path) -> Iterator[Row]:
    count = plan.rounds * 7
    with server(simulated, settings={"CAPTURES_BASE_DIR": str(folder)}) as serving, Wire(serving.url) as wire:
        wire.do("SELECT_CAMERA")
        first = wire.echo(json.dumps({"action": "LIST_IMAGE_SETS"})) * 1000
        time.sleep(REST_S)
        for what, action, payload, goal in (
            ("SUBSCRIBE to camera, lights, job", "SUBSCRIBE", {"topics": LIGHT_TOPICS}, 50),
            ("SUBSCRIBE to sets", "SUBSCRIBE", {"topics": ["sets"]}, 100),
            (WHOLE, "LIST_IMAGE_SETS", {}, 300),
            ("the first page of 60 sets", "LIST_IMAGE_SETS", {"limit": 60}, 20),
        ):
            plan.say(f"{what}, {count} times")
            text = json.dumps({"action": action, "payload": payload})
            before = cpu_seconds(serving.pids)
            took = median([wire.echo(text) * 1000 for _ in range(count)])
            cpu = (cpu_seconds(serving.pids) - before) / count * 1000
            ours = f"{took:.1f} ms ({cpu:.1f} ms of processor time)"
            yield Row(f"{what}, median", ours, "", took, at_most(goal, " ms"))
            if what == WHOLE:
                whole = f"{took:.1f} ms, later ones"
                yield Row("the first whole list behind a start", f"{first:.0f} ms", whole, first / took)


def _beside(plan: Plan, simulated: Simulator, folder: Path) -> Iterator[Row]:
    alone, beside = [], []
    settings = {"SIMULATOR_CONTROL": simulated.control_path, "CAPTURES_BASE_DIR": str(folder)}
    settings["PHOTOMETRIC_CAPTURE_DELAY"] = "0.05" if plan.quick else "0.5"
    with server(simulated, settings=settings) as serving, Wire(serving.url) as wire, helper("bench.askers") as askers:
        wire.do("SELECT_CAMERA")
        lights = list(wire.do("GET_LIGHT_STATES")["states"])[:LIGHTS]
        _set(wire, lights)  # the simulator has looked at each light for the first time
        time.sleep(REST_S)
        for number in range(plan.rounds):
            plan.say(f"set of {len(lights)} lights beside {ASKERS} clients, {number + 1} of {plan.rounds}")
            alone.append(_set(wire, lights))
            askers.ask("begin", url=serving.url, count=ASKERS)
            beside.append(_set(wire, lights))
            lists = askers.ask("end")
    yield Row(
        f"set of {len(lights)} lights beside {ASKERS} clients that list after each change ({lists} lists)",
        f"{median(beside):.2f} s", f"{median(alone):.2f} s, alone",
        median([one / other for one, other in zip(beside, alone, strict=True)]), at_most(1.1),
    )  # fmt: skip


def _set(wire: Wire, lights: list[str]) -> float:
    began = time.perf_counter()
    done = wire.do("CAPTURE_PHOTOMETRIC_SET", light_sequence=lights)
    took = time.perf_counter() - began
    wire.do("DELETE_IMAGE_SET", set_name=done["set_folder"].rpartition("/")[2])
    return took


def _size(plan: Plan) -> tuple[str, ...]:
    return ("--width", "600", "--height", "400") if plan.quick else ()
