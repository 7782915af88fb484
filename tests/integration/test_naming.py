"""How captures and sets are named, on a real server: changed while it runs, kept in the rig file, told to everybody."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.program import finished
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIG = """\
# the rig of room 12
driver = "simulated"

[lights]
light_left = { pin = 27 }  # new bulb
light_right = { pin = 23 }

[naming]
# the registrar wants it so
set = "{prefix}_{date}-{time}"  # agreed in May
"""
LIGHTS = {"light_sequence": ["light_left"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess() as process:
        yield process


@pytest.fixture
def server(simulator: SimulatorProcess, tmp_path: Path) -> ServerProcess:
    """A server with a rig file of its own, to be entered."""
    (tmp_path / "rig.toml").write_text(RIG)
    return ServerProcess(tmp_path, environment=simulator.settings)


async def command(server: ServerProcess, *words: str) -> tuple[int, str, str]:
    """Run a command against the server and give its exit code, output and errors."""
    return await finished("tetherlight", *words, "--server", server.url)


async def test_templates_apply_at_once_to_everybody_and_outlive_a_restart(
    server: ServerProcess, simulator: SimulatorProcess
) -> None:
    """Two clients, a capture and a set before and after, and the comments of the rig file."""
    serial = simulator.camera.serial
    wanted = {"capture": "{serial}_{number}", "set": "{prefix}_{catalogue_number}_{number}"}
    async with server:
        async with server.client() as one, server.client() as two:
            await one.do("SELECT_CAMERA")
            assert re.fullmatch(r"image_.+_\d{8}-\d{6}\.jpg", Path((await one.do("CAPTURE_IMAGE"))["file_path"]).name)
            kept = await one.do("SET_NAMING", wanted)
            assert (kept["capture_example"], kept["set_example"]) == (
                f"{serial}_0001.jpg", "photometric_set_1923.41_0001"
            )  # fmt: skip
            assert await two.do("GET_NAMING") | {"placeholders": None} == kept | {"placeholders": None}
            taken = await asyncio.gather(*(client.do("CAPTURE_IMAGE") for client in (one, two)))
            assert {Path(each["file_path"]).name for each in taken} == {f"{serial}_0001.jpg", f"{serial}_0002.jpg"}
            first = await two.do("CAPTURE_PHOTOMETRIC_SET", LIGHTS | {"set_name_prefix": "vase"})
            assert first["set_folder"] == "photometric_sets/vase_0001"
        text = (server.folder / "rig.toml").read_text()
        assert text == RIG.replace("{prefix}_{date}-{time}", wanted["set"]) + f'capture = "{wanted["capture"]}"\n'
        await server.stop()
        await server.start()
        async with server.client() as client:
            await client.do("SELECT_CAMERA")
            assert (await client.do("GET_NAMING"))["capture_example"] == f"{serial}_0003.jpg"
            assert Path((await client.do("CAPTURE_IMAGE"))["file_path"]).name == f"{serial}_0003.jpg"
            again = LIGHTS | {"set_name_prefix": "vase", "catalogue_number": "A 7/3"}
            sets = [await client.do("CAPTURE_PHOTOMETRIC_SET", again) for _ in range(2)]
            assert [one["set_folder"] for one in sets] == [f"photometric_sets/vase_A_7_3_000{n}" for n in (1, 2)]
            listed = await client.do("LIST_IMAGE_SETS")
            assert [one["name"] for one in listed] == ["vase_A_7_3_0002", "vase_A_7_3_0001", "vase_0001"]


async def test_what_cannot_be_used_is_refused_and_tried_templates_are_not_kept(server: ServerProcess) -> None:
    """The old templates stay in force and in the file, whatever was wrong with the new ones."""
    async with server:
        async with server.client() as client:
            before = await client.do("GET_NAMING")
            assert (before["capture"], before["set"]) == ("image_{model}_{date}-{time}", "{prefix}_{date}-{time}")
            assert before["capture_example"].startswith("image_Canon_EOS_Rebel_T6_")
            words = {one["name"]: one for one in before["placeholders"]}
            assert words["prefix"]["used_in"] == ["set"]
            assert words["number"]["used_in"] == ["capture", "set"]
            for action in ("GET_NAMING", "SET_NAMING"):
                for payload in ({"capture": "a/{date}"}, {"set": "{date}"}, {"capture": "x_{number}", "set": "{foo}"}):
                    reply = await client.request(action, payload)
                    assert (reply["success"], reply["error_code"], reply["data"]) == (False, "invalid_name", None)
                assert "{catalogue_number}, {date}, {time}, {number}" in reply["error"]
            too_long = await client.request("SET_NAMING", {"capture": "x" * 201})
            assert too_long["error_code"] == "invalid_payload"
            tried = await client.do("GET_NAMING", {"capture": "x_{number}"})
            assert (tried["capture"], tried["capture_example"]) == ("x_{number}", "x_0001.jpg")
            for action in ("GET_NAMING", "SET_NAMING"):
                now = await client.do(action)
                assert (now["capture"], now["set"]) == (before["capture"], before["set"])
        assert (server.folder / "rig.toml").read_text() == RIG


async def test_a_rig_file_that_broke_meanwhile_is_left_alone(server: ServerProcess) -> None:
    async with server:
        path = server.folder / "rig.toml"
        path.write_text("[naming\n")
        async with server.client() as client:
            reply = await client.request("SET_NAMING", {"capture": "x_{number}"})
            assert reply["error_code"] == "invalid_setting"
            assert "is no TOML" in reply["error"]
            assert (await client.do("GET_NAMING"))["capture"] == "image_{model}_{date}-{time}"
        assert path.read_text() == "[naming\n"


async def test_the_commands_show_and_change_names(server: ServerProcess) -> None:
    async with server:
        assert (await command(server, "naming", "set", "--capture", "x_{number}", "--set", "{prefix}-{date}"))[0] == 0
        code, out, _ = await command(server, "naming", "set", "--capture", "tried_{number}", "--try")
        assert (code, "tried_0001.jpg" in out) == (0, True)
        code, out, _ = await command(server, "naming")
        assert code == 0
        assert re.search(r"^capture +x_\{number\} +x_0001\.jpg$", out, re.MULTILINE)
        assert re.search(r"^\{catalogue_number\} +1923\.41 ", out, re.MULTILINE)
        shown: dict[str, Any] = json.loads((await command(server, "naming", "--json"))[1])
        assert (shown["capture"], shown["set"]) == ("x_{number}", "{prefix}-{date}")
        code, _, err = await command(server, "naming", "set", "--set", "{date}")
        assert (code, err) == (1, "tetherlight: The set template must hold {prefix}, and {date} or {number}.\n")
        assert (await command(server, "naming", "set"))[0] == 2


async def test_broken_templates_stop_the_start_in_one_sentence(server: ServerProcess) -> None:
    """As any other mistake in the rig file does."""
    (server.folder / "rig.toml").write_text("[naming]\ncapture = '{date'\n")
    with pytest.raises(AssertionError):
        await server.start()
    assert await server.stop() == 1
    log = server.log.read_text()
    assert log.endswith("naming.capture: the capture template '{date' has a brace without its partner.\n")
    assert "Traceback" not in log
