"""The commands that talk to a server, as typed by a person, on a simulated rig."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight.cli.main import main
from tetherlight.client import Client
from tetherlight.protocol.events import PhotometricProgress
from tetherlight.protocol.models import JobState

pytestmark = pytest.mark.asyncio(loop_scope="module")

Run = Callable[..., Any]


class Ended:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess("--cameras", "2") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("commands"), environment=simulator.settings) as process:
        yield process


@pytest.fixture
def tetherlight(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Run:
    """Run a command in this process but in a thread of its own, as its user would in a folder of his."""
    monkeypatch.setenv("TETHERLIGHT_SERVER", server.url)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tetherlight", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    async def run_apart(*words: str) -> Ended:
        return await asyncio.to_thread(run, *words)

    return run_apart


async def test_cameras_are_listed_chosen_and_closed(tetherlight: Run) -> None:
    listed = await tetherlight("cameras")
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert re.split(r"\s{2,}", lines[0]) == ["CAMERA_ID", "MODEL", "PORT", "STATE", "SELECTED"]
    ids = [one["camera_id"] for one in (await tetherlight("cameras", "--json")).json]
    assert [line.split()[0] for line in lines[1:]] == ids
    assert (await tetherlight("select", ids[1])).code == 0
    info = await tetherlight("--json", "info")
    assert info.json["selected"] == ids[1]
    assert (await tetherlight("deselect", "--camera", ids[1])).code == 0
    assert "none open" in (await tetherlight("info")).out


async def test_a_camera_is_opened_beside_the_selected_one(tetherlight: Run) -> None:
    first, second = [one["camera_id"] for one in (await tetherlight("cameras", "--json")).json]
    await tetherlight("select", first)
    opened = await tetherlight("select", second, "--beside")
    assert opened.out.endswith(f" is open: {second}.\n")
    info = (await tetherlight("info", "--json")).json
    assert (info["selected"], len(info["cameras"])) == (first, 2)
    missing = await tetherlight("select", "--beside")
    assert missing.code == 2
    assert "camera_id" in missing.err
    for camera in (second, first):
        await tetherlight("deselect", "--camera", camera)


async def test_a_named_camera_is_used_without_changing_which_is_selected(tetherlight: Run) -> None:
    first, second = [one["camera_id"] for one in (await tetherlight("cameras", "--json")).json]
    await tetherlight("select", first)
    shot = await tetherlight("capture", "--camera", second, "--json")
    assert shot.json["camera_id"] == second
    assert (await tetherlight("info", "--json")).json["selected"] == first
    assert (await tetherlight("deselect", "--camera", second)).out == f"Camera {second} is closed.\n"
    assert (await tetherlight("deselect")).out == f"Camera {first} is closed.\n"
    assert (await tetherlight("deselect")).out == "No camera was selected.\n"


async def test_all_cameras_take_one_picture_and_what_does_not_go_with_that_is_refused(
    tetherlight: Run, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    ids = [one["camera_id"] for one in (await tetherlight("cameras", "--json")).json]
    shot = await tetherlight("capture", "--all", "--output", str(tmp_path))
    head, *frames = shot.out.splitlines()
    assert re.fullmatch(r"exposure-\w+  by software, [\d.]+ ms from the first release to the last", head)
    assert [frame.split()[0] for frame in frames] == ids
    assert all(Path(frame.split()[1]).is_file() for frame in frames)
    await simulator.control("fault", camera=simulator.cameras[1].name, kind="no_focus", when="capture", count=1)
    broken = await tetherlight("capture", "--all", "--json")
    told = json.loads(broken.out)["frames"]
    assert (broken.code, json.loads(broken.err)["error_code"]) == (1, "capture_incomplete")
    assert [one["error_code"] for one in told] == [None, "capture_failed"]
    by_line = await tetherlight("capture", "--all", "--trigger", "line")
    assert by_line.code == 1
    assert f"No line fires camera '{ids[0]}'" in by_line.err
    for words in (("--all", "--count", "2"), ("--all", "--trigger", "laser"), ("--trigger", "line")):
        assert (await tetherlight("capture", *words)).code == 2
    for camera in ids:
        await tetherlight("deselect", "--camera", camera)


async def test_a_camera_that_is_not_there_or_not_clear_is_refused(tetherlight: Run) -> None:
    missing = await tetherlight("capture", "--camera", "no-such-camera")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err == "tetherlight: No camera 'no-such-camera' was found.\n`tetherlight cameras` lists them.\n"
    ambiguous = await tetherlight("capture", "--camera", "canon")
    assert ambiguous.code == 1
    assert "fits 2 cameras" in ambiguous.err


async def test_settings_are_read_and_changed(tetherlight: Run) -> None:
    changed = await tetherlight("config", "set", "iso", "200")
    assert (changed.code, changed.out) == (0, "ISO Speed is 200.\n")
    assert (await tetherlight("config", "get", "iso")).out == "200\n"
    assert (await tetherlight("config", "get", "iso", "--json")).json["value"] == "200"
    listed = await tetherlight("config", "list", "iso")
    assert re.search(r"^iso\s+200\s+menu\s+no\s+.*100, 200", listed.out, re.MULTILINE)


async def test_an_error_is_a_sentence_and_a_hint_or_json(tetherlight: Run) -> None:
    refused = await tetherlight("config", "set", "iso", "12345")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("tetherlight: Failed to set config 'iso'. ")
    assert "The nearest is 6400." in refused.err
    as_json = await tetherlight("config", "get", "nothing", "--json")
    assert as_json.code == 1
    assert json.loads(as_json.err)["error_code"] == "config_not_found"


async def test_a_capture_stays_at_the_server_comes_here_or_stays_on_the_card(
    tetherlight: Run, server: ServerProcess
) -> None:
    there = await tetherlight("capture")
    assert (server.folder / there.out.split()[0]).is_file()
    assert there.out.endswith("  on the server\n")
    here = await tetherlight("capture", "-o", "pictures", "--json")
    [path] = here.json["downloaded"]
    assert Path(path).read_bytes().startswith(b"\xff\xd8")
    assert Path(path).parent == Path("pictures")
    card = await tetherlight("capture", "--no-download")
    assert "on the camera's card: /" in card.out
    assert (await tetherlight("capture", "--no-download", "-o", "pictures")).code == 2


async def test_the_live_view_is_measured_and_saved(tetherlight: Run) -> None:
    watched = await tetherlight("liveview", "--count", "3", "--save", "newest.jpg")
    assert watched.code == 0
    assert watched.out.startswith("3 frames, ")
    assert Path("newest.jpg").read_bytes().startswith(b"\xff\xd8")
    many = await tetherlight("liveview", "--count", "3", "--save", "all.mjpg", "--max-fps", "30", "--json")
    assert many.json["frames"] == 3
    assert Path("all.mjpg").read_bytes().count(b"\xff\xd8\xff") == 3


async def test_lights_are_listed_switched_and_walked(tetherlight: Run, simulator: SimulatorProcess) -> None:
    switched = await tetherlight("lights", "on", "light_left", "light_right")
    assert len(re.findall(r"^light_(left|right)\s+on", switched.out, re.MULTILINE)) == 2
    only = await tetherlight("lights", "on", "lights_top", "--only", "--json")
    assert [name for name, on in only.json["states"].items() if on] == ["lights_top"]
    assert (await tetherlight("lights", "off")).code == 0
    walked = await tetherlight("lights", "walk", "light_left", "lights_top", "--seconds", "0")
    assert walked.err.splitlines() == ["1 of 2: light_left", "2 of 2: lights_top"]
    assert not any((await simulator.control("status"))["lights"].values())
    unknown = await tetherlight("lights", "on", "no_such_light")
    assert (unknown.code, unknown.err) == (1, "tetherlight: Invalid light name: no_such_light.\n")


async def test_a_set_is_captured_listed_shown_deleted_and_restored(tetherlight: Run) -> None:
    captured = await tetherlight("set", "capture", "light_left", "lights_top", "--name", "vase", "-o", "sets")
    assert captured.code == 0
    first, second = captured.out.splitlines()
    name = first.rpartition("/")[2].split()[0]
    assert first == f"2 images in photometric_sets/{name} on the server"
    assert second == f"4 files in sets/{name} on this computer"
    assert {path.suffix for path in Path("sets", name).iterdir()} == {".jpg", ".json", ".lp"}
    assert name in (await tetherlight("set", "list")).out
    assert len((await tetherlight("set", "show", name)).out.splitlines()) == 3
    assert len((await tetherlight("set", "download", name, "-o", "again", "--json")).json) == 4
    assert (await tetherlight("set", "download", name, "-o", "raw", "--files", "raw", "--json")).json == [
        f"raw/{name}/manifest.json"
    ]
    deleted = await tetherlight("set", "delete", name)
    assert f"tetherlight set restore {name}" in deleted.out
    assert name not in (await tetherlight("set", "list")).out
    assert (await tetherlight("set", "restore", name)).code == 0
    assert (await tetherlight("set", "show", "no_such_set")).code == 1


async def test_a_set_is_annotated_and_renamed(tetherlight: Run) -> None:
    captured = await tetherlight("set", "capture", "light_left", "--json")
    name = captured.json["set_folder"].rpartition("/")[2]
    noted = ("--rating", "4", "--notes", "From above", "--catalogue-number", "INV 7", "--scale", "0.02")
    assert (await tetherlight("set", "annotate", name, *noted)).code == 0
    shown = (await tetherlight("set", "show", name)).out.splitlines()
    assert shown[-4:] == ["Rating: 4", "Catalogue number: INV 7", "Millimetres per pixel: 0.02", "Notes: From above"]
    assert (await tetherlight("set", "annotate", name)).code == 2
    assert (await tetherlight("set", "rename", name, f"{name}_again")).code == 0
    assert (await tetherlight("set", "show", f"{name}_again")).code == 0
    assert (await tetherlight("set", "rename", f"{name}_again", "../out")).code == 1


async def test_single_captures_are_annotated_deleted_restored_and_fetched(tetherlight: Run) -> None:
    names = [(await tetherlight("capture", "--json")).json["files"][0]["filename"] for _ in range(2)]
    assert {line.split()[0] for line in (await tetherlight("images", "list")).out.splitlines()} > set(names)
    noted = await tetherlight("images", "annotate", names[0], "--rating", "-1", "--notes", "blurred")
    assert noted.out == f"{names[0]}: rating -1, notes: blurred\n"
    assert (await tetherlight("images", "annotate", names[0])).code == 2
    assert (await tetherlight("images", "delete", *names)).out.count("tetherlight images restore ") == 2
    assert not set(names) & {one["filename"] for one in (await tetherlight("images", "list", "--json")).json}
    assert (await tetherlight("images", "restore", *names)).code == 0
    fetched = await tetherlight("images", "download", *names, "-o", "here")
    assert fetched.out.splitlines() == [f"here/{name}" for name in names]
    assert all(Path("here", name).read_bytes().startswith(b"\xff\xd8") for name in names)
    assert (await tetherlight("images", "download", "no_such_image.jpg")).code == 1


async def test_frames_of_a_set_are_taken_again_by_their_lights(tetherlight: Run) -> None:
    captured = await tetherlight("set", "capture", "light_left", "lights_top", "--metering", "set", "--json")
    name = captured.json["set_folder"].rpartition("/")[2]
    before = {
        one["filename"]: one["sha256"] for one in (await tetherlight("set", "show", name, "--json")).json["images"]
    }
    assert (await tetherlight("set", "retake", name)).code == 1, "no frame has an error"
    assert (await tetherlight("set", "retake", name, "--light", "light_right")).code == 1
    again = await tetherlight("set", "retake", name, "--light", "lights_top")
    assert (again.code, again.out) == (0, f"Set {name} is completed.\n")
    after = {
        one["filename"]: one["sha256"] for one in (await tetherlight("set", "show", name, "--json")).json["images"]
    }
    assert [one for one in before if before[one] != after[one]] == ["image_02_lights_top.jpg"]
    lines = (await tetherlight("set", "retake", name, "--step", "1", "--json")).out.splitlines()
    assert json.loads(lines[-1])["state"] == "completed"


async def test_the_trash_is_shown_and_emptied(tetherlight: Run) -> None:
    """What stands in the list is what restores it; `--empty` is about sets alone, or captures alone."""
    name = (await tetherlight("set", "capture", "light_left", "--json")).json["set_folder"].rpartition("/")[2]
    image = (await tetherlight("capture", "--json")).json["files"][0]["filename"]
    await tetherlight("set", "delete", name)
    await tetherlight("images", "delete", image)
    assert f"`tetherlight set restore {name}`" in (await tetherlight("set", "trash")).out
    shown = (await tetherlight("images", "trash")).out
    assert image in shown
    listed = (await tetherlight("images", "trash", "--json")).json
    assert [(one["kind"], one["image_count"]) for one in listed if one["name"] == Path(image).stem] == [("capture", 1)]
    assert (await tetherlight("images", "restore", image)).code == 0
    emptied = await tetherlight("set", "trash", "--empty")
    assert "removed for good" in emptied.out
    assert (await tetherlight("set", "trash")).out == "Nothing can be restored: the trash is empty.\n"
    assert (await tetherlight("set", "restore", name)).code == 1


async def test_what_was_deleted_before_a_failure_is_told(tetherlight: Run) -> None:
    name = (await tetherlight("capture", "--json")).json["files"][0]["filename"]
    partly = await tetherlight("images", "delete", name, "no_such_image.jpg", "--json")
    assert (partly.code, partly.json) == (1, {"deleted": [name]})
    assert json.loads(partly.err)["error_code"] == "image_not_found"


async def test_the_focus_is_found_at_a_point_and_moved(tetherlight: Run) -> None:
    assert (await tetherlight("focus", "--point", "0.25,0.5")).out == "Autofocus done.\n"
    assert (await tetherlight("focus", "--point", "2,0.5")).code == 2
    assert (await tetherlight("focus", "--point", "0.2,0.5", "--step", "1")).code == 2
    assert "camera_id" in (await tetherlight("focus", "--json")).json


async def test_wrong_sets_are_refused_before_anything_happens(tetherlight: Run) -> None:
    assert (await tetherlight("set", "capture", "no_such_light")).code == 1
    assert (await tetherlight("set", "capture", "light_left", "--name", "a/b")).code == 1
    assert (await tetherlight("set", "capture", "--on-failure", "explode")).code == 2


async def test_a_failed_set_can_be_retried_as_a_job(tetherlight: Run, simulator: SimulatorProcess) -> None:
    for camera in simulator.cameras:
        await simulator.control("fault", camera=camera.name, kind="error", when="capture", code=0x2019, after=1)
    failed = await tetherlight("set", "capture", "light_left", "lights_top", "--on-failure", "pause")
    await simulator.control("clear_faults", camera="camera1")
    assert failed.code == 1
    assert failed.err.startswith("tetherlight: The set is paused: ")
    job_id = (await tetherlight("jobs", "list", "--json")).json[0]["job_id"]
    assert f"tetherlight jobs retry {job_id}" in failed.err
    assert "is running" in (await tetherlight("jobs", "retry", job_id)).out
    watched = await tetherlight("jobs", "watch", job_id)
    assert (watched.code, watched.out.splitlines()[-1]) == (0, f"{job_id} is completed, step 2 of 2")
    assert (await tetherlight("jobs", "cancel", job_id)).code == 1
    assert (await tetherlight("jobs", "watch", "no-such-job")).code == 1


async def test_events_begin_with_how_things_stand(tetherlight: Run) -> None:
    shown = await tetherlight("events", "lights", "storage", "--count", "2", "--json")
    assert [json.loads(line)["topic"] for line in shown.out.splitlines()] == ["lights", "storage"]
    assert (await tetherlight("events", "sets", "--count", "1")).out.startswith("sets     snapshot")
    nonsense = await tetherlight("events", "nonsense")
    assert nonsense.code == 2
    assert "'camera', 'config', 'lights'" in nonsense.err


async def test_the_shell_is_offered_names_that_the_server_knows(server: ServerProcess) -> None:
    offered = await completions(server.url, "tetherlight lights on light_rear_")
    assert offered == ["light_rear_left", "light_rear_right"]
    assert await completions("http://127.0.0.1:1", "tetherlight lights on light_rear_") == []


async def test_the_doctor_asks_the_server_that_is_named(tetherlight: Run, server: ServerProcess) -> None:
    """Which machine is described is said; the simulator is known to the server only."""
    asked = await tetherlight("doctor")
    assert asked.out.startswith(f"The machine of the server at {server.url}:\n")
    assert "simulator" in asked.out
    here = await tetherlight("doctor", "--local", "--json")
    assert "simulator" not in {one["check"] for one in here.json}


async def completions(url: str, words: str) -> list[str]:
    environment = {
        "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1), "_TETHERLIGHT_COMPLETE": "complete_bash",
        "TETHERLIGHT_SERVER": url, "PATH": "/usr/bin",
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("tetherlight"))
    process = await asyncio.create_subprocess_exec(program, env=environment, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return printed.decode().split()


async def test_ctrl_c_leaves_a_set_running_and_tells_how_to_cancel_it(
    server: ServerProcess, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    async with Client(server.url) as rig:
        if rig.server.selected is None:
            await rig.select()
        words = ("-m", "tetherlight", "--server", server.url, "set", "capture", *(["light_left"] * 100))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=tmp_path, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        events = rig.events("job")
        async for event in events:
            if isinstance(event.data, PhotometricProgress) and event.data.index == 2:
                break
        await events.aclose()
        # However long the command takes to end, the set takes longer.
        for camera in ("camera1", "camera2"):
            await simulator.control("fault", camera=camera, kind="delay", when="capture", seconds=1.0, count=None)
        process.send_signal(signal.SIGINT)
        _, complaints = await asyncio.wait_for(process.communicate(), stretched(60))
        for camera in ("camera1", "camera2"):
            await simulator.control("clear_faults", camera=camera)
        job = (await rig.jobs())[0]
        assert job.state is JobState.RUNNING
        assert process.returncode == 130
        assert f"Job {job.job_id} goes on at the server." in complaints.decode()
        assert f"`tetherlight jobs cancel {job.job_id}` cancels it" in complaints.decode()
        await rig.cancel_job(job.job_id)


async def test_ctrl_c_ends_a_live_view_without_a_complaint(server: ServerProcess, simulator: SimulatorProcess) -> None:
    async with Client(server.url) as rig:
        if rig.server.selected is None:
            await rig.select()
        camera = (await rig.info()).selected
        name = next(one.name for one in simulator.cameras if camera is not None and camera.endswith(one.serial))
    before = (await simulator.status(name))["previews"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tetherlight", "--server", server.url, "liveview", "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    while (await simulator.status(name))["previews"] < before + 10:
        await simulator.wait("preview", before + 10, name)
    process.send_signal(signal.SIGINT)
    printed, complaints = await asyncio.wait_for(process.communicate(), stretched(60))
    assert complaints.decode() == ""
    assert json.loads(printed)["frames"] > 0
