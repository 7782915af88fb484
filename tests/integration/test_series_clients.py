"""Series over the wire, with the Python client and from the command line."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.patience import stretched
from support.program import finished
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight import errors
from tetherlight.client import Client
from tetherlight.client.sync import Client as BlockingClient
from tetherlight.protocol.captures import SeriesResult
from tetherlight.protocol.events import SeriesProgress
from tetherlight.protocol.models import JobState

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEEDS = ["1/250", "1/60"]
LONG = 3600


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("series"), environment=simulator.settings) as process:
        async with process.client() as client:
            await client.do("SELECT_CAMERA")
        yield process


async def command(server: ServerProcess, folder: Path, *words: str) -> tuple[int, str, str]:
    """Run a command as its user would, and give its exit code and what it printed."""
    return await finished("tetherlight", "--server", server.url, *words, folder=folder)


async def test_the_one_who_asked_hears_the_progress_without_subscribing(server: ServerProcess) -> None:
    async with server.client() as one, server.client() as other:
        wanted = {"bracket": {"config_name": "shutterspeed", "values": SPEEDS}}
        done = await one.do("CAPTURE_SERIES", wanted)
        assert (done["message"], done["image_count"]) == ("Series of 2 images completed.", 2)
        assert all((server.folder / file["path"]).is_file() for file in done["files"])
        told = [event["data"] for event in one.events if event["action"] == "series_progress"]
        assert [step["status"] for step in told] == ["capturing", "captured"] * 2
        assert {(step["request_id"], step["job_id"]) for step in told} == {("request-1", done["job_id"])}
        assert not any(event["action"] == "series_progress" for event in other.events)


async def test_a_second_client_is_refused_with_the_job_id(server: ServerProcess) -> None:
    async with server.client() as one, server.client() as two:
        running = await one.send("CAPTURE_SERIES", {"count": 2, "interval_s": LONG})
        job_id = (await one.event("series_progress"))["data"]["job_id"]
        for action, payload in (("CAPTURE_SERIES", {"count": 2}), ("CAPTURE_IMAGE", {}), ("DESELECT_CAMERA", {})):
            refused = await two.request(action, payload)
            assert (refused["success"], refused["error_code"]) == (False, "camera_busy")
            assert refused["error_details"] == {"job_id": job_id}
            assert refused["hint"] == "Wait until it is done, or cancel it."
        assert (await two.do("CANCEL_JOB", {"job_id": job_id}))["state"] == "cancelled"
        failed = await running
        assert (failed["success"], failed["error_code"]) == (False, "sequence_failed")
        assert failed["error"] == "The series failed. It was cancelled."
        assert failed["data"]["image_count"] == 1


async def test_wrong_input_is_a_sentence(server: ServerProcess) -> None:
    async with server.client() as client:
        bracket = {"config_name": "iso", "values": ["100", "7"]}
        refused = await client.request("CAPTURE_SERIES", {"bracket": bracket})
        assert refused["error"] == "The series failed. Config 'iso' cannot be bracketed. Value '7' not in options."
        assert (refused["error_code"], refused["data"]) == ("config_invalid", None)
        refused = await client.request("CAPTURE_SERIES", {"count": 0})
        assert refused["error_code"] == "invalid_payload"


async def test_a_client_that_leaves_does_not_stop_it(server: ServerProcess) -> None:
    async with Client(server.url) as rig:
        async with server.client() as leaving:
            request = await leaving.send("CAPTURE_SERIES", {"count": 6})
            job_id = (await leaving.event("series_progress"))["data"]["job_id"]
        assert request.cancelled()
        states = [job async for job in rig.follow_job(job_id)]
        assert (states[-1].state, states[-1].index) == (JobState.COMPLETED, 6)


async def test_the_live_view_goes_on_by_itself_after_a_burst(server: ServerProcess) -> None:
    async with server.client() as client:
        await client.do("START_LIVEVIEW", {"encoding": "binary"})
        await client.frames(1)
        await client.do("CAPTURE_SERIES", {"count": 2})
        await client.frames(3)
        await client.do("STOP_LIVEVIEW")


async def test_a_series_can_be_awaited_or_iterated(server: ServerProcess, tmp_path: Path) -> None:
    steps: list[SeriesProgress] = []
    async with Client(server.url) as rig:
        result = await rig.capture_series(bracket=("shutterspeed", SPEEDS), progress=steps.append)
        assert [step.value for step in steps if step.status == "captured"] == SPEEDS
        assert [path.name for path in await rig.download(result, tmp_path)] == [one.filename for one in result.files]
        capture = rig.capture_series(count=2)
        assert {step.job_id async for step in capture} == {capture.job_id}
        assert capture.result.image_count == 2
        with pytest.raises(errors.InvalidPayload):
            rig.capture_series(count=0)


async def test_a_failed_series_tells_what_it_has(server: ServerProcess, simulator: SimulatorProcess) -> None:
    await simulator.control("fault", camera="camera1", kind="error", when="capture", code=0x2019, after=1)
    async with Client(server.url) as rig:
        with pytest.raises(errors.SequenceFailed) as failed:
            await rig.capture_series(count=3)
        await simulator.control("clear_faults")
        assert isinstance(failed.value.data, SeriesResult)
        assert failed.value.data.image_count == 1
        assert (failed.value.details or {})["job_id"] == failed.value.data.job_id


async def test_the_blocking_client_takes_series_too(server: ServerProcess) -> None:
    def capture() -> SeriesResult:
        with BlockingClient(server.url) as rig:
            return rig.capture_series(count=2)

    assert (await asyncio.to_thread(capture)).image_count == 2


async def test_a_series_is_taken_from_the_command_line(server: ServerProcess, tmp_path: Path) -> None:
    code, out, err = await command(server, tmp_path, "capture", "--bracket", f"shutterspeed={','.join(SPEEDS)}")
    assert (code, err) == (0, "")
    assert [(server.folder / line.split()[0]).is_file() for line in out.splitlines()] == [True, True]
    code, out, _ = await command(server, tmp_path, "capture", "--count", "2", "-o", "here", "--json")
    taken: dict[str, Any] = json.loads(out)
    assert (code, taken["image_count"]) == (0, 2)
    assert all((tmp_path / path).is_file() for path in taken["downloaded"])
    _, listed, _ = await command(server, tmp_path, "jobs", "list")
    assert "series  completed  2 of 2" in listed


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--bracket", "shutterspeed"), 2),
        (("--bracket", "iso=100"), 2),
        (("--bracket", "iso=100,7"), 1),
        (("--count", "0"), 2),
        (("--count", "2", "--no-download"), 2),
        (("--interval", "5"), 2),
    ],
)
async def test_wrong_words_are_refused(
    server: ServerProcess, tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    assert (await command(server, tmp_path, "capture", *words))[:2] == (code, "")


async def test_ctrl_c_leaves_a_series_running_and_tells_how_to_cancel_it(server: ServerProcess, tmp_path: Path) -> None:
    async with Client(server.url) as rig:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tetherlight", "--server", server.url),
            *("capture", "--count", "2", "--interval", str(LONG)),
            cwd=tmp_path, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        events = rig.events("job")
        async for event in events:
            if isinstance(event.data, SeriesProgress) and event.data.status == "waiting":
                break
        await events.aclose()
        process.send_signal(signal.SIGINT)
        _, complaints = await asyncio.wait_for(process.communicate(), stretched(60))
        job = (await rig.jobs())[0]
        assert (process.returncode, job.state, job.kind) == (130, JobState.RUNNING, "series")
        assert f"Job {job.job_id} goes on at the server. `tetherlight jobs cancel {job.job_id}`" in complaints.decode()
        await rig.cancel_job(job.job_id)
