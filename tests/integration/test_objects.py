"""The queue of objects at a real server on a simulated rig: sets get its number, a code is read, a day is told."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight import Client
from tetherlight.cli.main import app
from tetherlight.cli.options import tell_error
from tetherlight.errors import ObjectConflict, ObjectListInvalid, ObjectNotFound, RightMissing, TetherlightError
from tetherlight.protocol.objects import ObjectsChange, ObjectStanding
from tetherlight.tokens import Tokens

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNER = "the-owners-own-secret-token"
LIST = "number;name\n1923/41;Vase\n1923.42;=Bowl\n1923.43;Dish\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess("--width", "300", "--height", "200") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("objects")
    environment = simulator.settings | {
        "API_TOKEN": OWNER, "STATE_DIR": str(folder / "state"), "PHOTOMETRIC_CAPTURE_DELAY": "0.01",
    }  # fmt: skip
    async with ServerProcess(folder, environment=environment) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="module")
async def rig(server: ServerProcess) -> AsyncIterator[Client]:
    """A client of a rig without objects."""
    async with Client(server.url, token=OWNER) as client:
        await client.select()
        await client.delete_objects()
        yield client


async def command(server: ServerProcess, *words: str, given: str | bytes = "") -> tuple[int, str, str]:
    """Run a command and give its exit code and what it printed."""

    def run() -> tuple[int, str, str]:
        result = CliRunner().invoke(app, ["--server", server.url, "--token", OWNER, *words], input=given)
        code = result.exit_code
        if isinstance(result.exception, TetherlightError):
            code = tell_error(result.exception, as_json=False)
        return code, result.stdout, result.stderr

    return await asyncio.to_thread(run)


async def manifest_of(rig: Client, set_folder: str) -> Any:
    return (await rig.show_set(set_folder.rpartition("/")[2])).manifest


async def test_sets_get_the_number_of_the_current_object_unless_they_say_another(rig: Client) -> None:
    await rig.import_objects(LIST)
    plain = await rig.capture_set(["light_left"], prefix="plain")
    assert (await manifest_of(rig, plain.set_folder)).catalogue_number is None
    assert (await rig.next_object()).current == (await rig.objects()).objects[0]
    named = await rig.capture_set(["light_left"], prefix="vase")
    assert (await manifest_of(rig, named.set_folder)).catalogue_number == "1923/41"
    for number in ("7", ""):
        other = await rig.capture_set(["light_left"], catalogue_number=number)
        assert (await manifest_of(rig, other.set_folder)).catalogue_number == (number or None)
    await rig.save_recipe({"name": "Coins", "light_sequence": ["light_left"]}, replace=True)
    by_recipe = await rig.capture_recipe("coins")
    assert (await manifest_of(rig, by_recipe.set_folder)).catalogue_number == "1923/41"


async def test_the_number_stands_in_names_and_xmp_of_sets_and_captures(server: ServerProcess, rig: Client) -> None:
    await rig.select_object("../1923/41", name="Vase", add=True)
    before = await rig.naming()
    await rig.set_naming(
        captures="{catalogue_number}_{date}_{number}", sets="{catalogue_number}-{prefix}_{date}_{number}"
    )
    try:
        shot = await rig.capture()
        taken = await rig.capture_set(["light_left"], prefix="scan")
    finally:
        await rig.set_naming(captures=before.capture, sets=before.set)
    assert shot.file_path is not None
    assert shot.file_path.startswith("captures/_._1923_41_")
    assert taken.set_folder.startswith("photometric_sets/_._1923_41-scan_")
    identifier = "<dc:identifier>../1923/41</dc:identifier>"
    assert identifier in (server.folder / shot.file_path).with_suffix(".xmp").read_text()
    sidecar = f"/sets/{taken.set_folder.rpartition('/')[2]}/image_01_light_left.xmp"
    async with server.http() as http:
        assert identifier in (await http.get(sidecar, headers={"Authorization": f"Bearer {OWNER}"})).text


async def test_two_who_go_on_at_once_leave_one_object(rig: Client) -> None:
    await rig.import_objects(LIST)
    first = (await rig.next_object()).current
    assert first is not None
    asked = [rig.next_object(catalogue_number=first.catalogue_number) for _ in range(2)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told if isinstance(one, Exception)] == [ObjectConflict]
    assert (await rig.objects()).done == 1


async def test_every_change_is_told_with_what_has_changed_alone(rig: Client) -> None:
    events = rig.events("objects")
    first = await anext(events)
    assert isinstance(first.data, ObjectStanding)
    assert (first.data.current, first.data.waiting) == (None, 0)
    await rig.import_objects(LIST)
    await rig.import_objects(LIST)  # all of them are there: nothing is told
    await rig.next_object()
    await rig.next_object()
    told = [(await anext(events)).data for _ in range(3)]
    changes = [one for one in told if isinstance(one, ObjectsChange)]
    assert [(one.listed, [(it.catalogue_number, it.state) for it in one.changed]) for one in changes] == [
        (True, []), (False, []), (False, [("1923/41", "done")]),
    ]  # fmt: skip
    await events.aclose()


async def test_a_list_is_refused_or_told_line_by_line_and_never_half_lost(server: ServerProcess, rig: Client) -> None:
    for content in (b"\x89PNG\r\n\0\0", b"1,2\n" * 300_000, "\n".join(map(str, range(5001)))):
        with pytest.raises(ObjectListInvalid):
            await rig.import_objects(content)
    assert (await rig.objects()).objects == []
    would = await rig.import_objects(LIST + ";nameless\n", dry_run=True)
    assert (would.added_count, would.fault_count, would.faults[0].line) == (3, 1, 5)
    assert (await rig.objects()).objects == []
    long = "\n".join(f"{number};{'t' * 150}" for number in range(4900))
    assert (await rig.import_objects(long)).added_count == 4900
    assert len((await rig.objects()).objects) == 4900
    assert (await rig.delete_objects()).removed == 4900
    with pytest.raises(ObjectNotFound):
        await rig.select_object("nothing")
    secret = Tokens(server.folder / "state" / "tokens.json").add("tablet", "viewer")
    async with Client(server.url, token=secret) as viewer:
        assert (await viewer.objects()).waiting == 0
        for asked in (viewer.import_objects(LIST), viewer.next_object(), viewer.scan_code(), viewer.delete_objects()):
            with pytest.raises(RightMissing):
                await asked


async def test_a_code_before_the_camera_is_read_and_becomes_the_object_when_confirmed(
    server: ServerProcess, rig: Client, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    label = tmp_path / "label.png"
    code = zxingcpp.create_barcode("1923/41", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=8)).save(label)
    await rig.set_lights({"lights_top": True})
    assert (await rig.scan_code()).codes == []
    await rig.import_objects(LIST)
    await simulator.control("label", file=str(label))
    try:
        (found,) = (await rig.scan_code()).codes
        assert (found.text, found.format, found.known) == ("1923/41", "QRCode", True)
        assert all(0 < x < 0.5 < y < 1 for x, y in found.corners)
        assert (await rig.objects()).current is None
        await rig.set_lights({"lights_top": False})
        assert [one.text for one in (await rig.scan_code()).codes] == ["1923/41"]
        code_, out, _ = await command(server, "objects", "scan", "--select")
        assert (code_, out.startswith("Now: 1923/41 (Vase)")) == (0, True)
    finally:
        await simulator.control("label")
        await rig.set_lights({"lights_top": False})
    assert (await command(server, "objects", "scan"))[0] == 1


async def test_a_day_is_told_over_the_wire_and_as_csv_by_http_and_command(server: ServerProcess, rig: Client) -> None:
    await rig.select_object("report 1", name="=1+1", add=True)
    result = await rig.capture_set(["light_left", "light_right"], ambient=True)
    await rig.retake(result.set_folder.rpartition("/")[2], lights=["light_left"])
    async for job in rig.follow_job(result.job_id):
        state = job.state
    assert state.value == "completed"
    await rig.capture()
    await rig.next_object()
    report = await rig.object_report()
    work = next(one for one in report.objects if one.catalogue_number == "report 1")
    assert (work.sets, work.frames, work.retakes, work.state) == (1, 4, 1, "done")
    assert 0 <= work.minutes < 60
    async with server.http() as http:
        reply = await http.get("/objects/report.csv", headers={"Authorization": f"Bearer {OWNER}"})
        assert (await http.get("/objects/report.csv?day=x", headers={"Authorization": f"Bearer {OWNER}"})).is_error
    code, out, err = await command(server, "objects", "report", "--csv")
    assert (code, err) == (0, "")
    for text in (reply.text.removeprefix("\ufeff"), out):
        row = next(row for row in csv.DictReader(io.StringIO(text)) if row["catalogue_number"] == "report 1")
        assert (row["name"], row["frames"], row["retakes"]) == ("'=1+1", "4", "1")


async def test_commands_work_through_a_list(server: ServerProcess, rig: Client, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST + "1923/41;twice\n")
    code, out, err = await command(server, "objects", "import", str(file))
    assert (code, out.strip(), "Line 5: 1923/41 is in the queue already" in err) == (1, "3 objects added.", True)
    assert (await command(server, "objects", "import", "-", given="9\n10"))[:2] == (0, "2 objects added.\n")
    assert (await command(server, "objects", "next"))[1].startswith("Now: 1923/41 (Vase). Next: 1923.42 (=Bowl).")
    assert "Now: 1923.42" in (await command(server, "objects", "skip"))[1]
    assert "No object is the current one. Next: 1923.43" in (await command(server, "objects", "done"))[1]
    assert (await command(server, "objects", "move", "10", "--before", "9"))[0] == 0
    _, out, _ = await command(server, "objects", "list", "--state", "waiting")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["1923.43", "10", "9"]
    assert (await command(server, "objects", "delete", "--state", "waiting"))[1] == "3 objects removed.\n"
    assert (await command(server, "objects", "delete"))[0] == 2
    assert (await command(server, "objects", "select", "new", "--add"))[0] == 0
    assert (await rig.objects()).current is not None
