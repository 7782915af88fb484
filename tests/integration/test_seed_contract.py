"""Every example of the contract, replayed in both spellings against a real server and a camera behind libgphoto2."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.wire_client import WireClient

LIGHTS = [
    "lights_top",
    "light_front",
    "light_front_left",
    "light_left",
    "light_rear_left",
    "light_rear",
    "light_rear_right",
    "light_right",
    "light_front_right",
]
STAMP = r"\d{8}-\d{6}"


@pytest.fixture(scope="module", params=["upper", "lower"])
def spell(request: pytest.FixtureRequest) -> Any:
    """The two spellings of actions that clients in the field use."""
    return str.upper if request.param == "upper" else str.lower


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with SimulatorProcess() as simulator, ServerProcess(tmp_path, environment=simulator.settings) as running:
        yield running


@pytest.mark.as_users
async def test_the_contract_is_kept_to_the_letter(server: ServerProcess, spell: Any) -> None:
    """One session through all sixteen actions, every field of the document's examples."""
    async with server.client() as client:
        await cameras(client, spell)
        await configuration(client, spell)
        await capture(client, spell, server)
        await liveview(client, spell)
        await lights(client, spell)
        await photometric_set(client, spell, server)
        assert await client.do(spell("DESELECT_CAMERA"), {}) == {"message": "Camera deselected successfully."}
        reply = await client.request(spell("GET_CONFIG"), {"config_name": "iso"})
        assert (reply["success"], reply["error"]) == (False, "No camera selected.")


async def cameras(client: WireClient, spell: Any) -> None:
    reply = await client.request(spell("GET_CAMERAS"), {})
    assert reply["action"] == spell("GET_CAMERAS")
    found = reply["data"][0]
    assert found["model"] == "Canon EOS 1300D"
    assert found["port"].startswith("ptpip:127.0.0.1:")
    missing = await client.request(spell("SELECT_CAMERA"), {"model": "Canon EOS Rebel T6", "port": "usb:001,006"})
    assert missing["success"] is False
    assert missing["error"].startswith("Failed to select camera or camera not found.")
    for payload in (
        {"model": found["model"]},
        {"port": found["port"]},
        {},
        {"model": found["model"], "port": found["port"]},
    ):
        chosen = await client.do(spell("SELECT_CAMERA"), payload)
        assert (chosen["model"], chosen["port"]) == (found["model"], found["port"])


async def configuration(client: WireClient, spell: Any) -> None:
    entries = await client.do(spell("GET_CONFIG"))
    fields = {"name", "label", "value", "type", "readonly", "options"}
    assert all(fields <= entry.keys() for entry in entries)
    assert {"iso", "shutterspeed", "aperture"} <= {entry["name"] for entry in entries}
    iso = await client.do(spell("GET_CONFIG"), {"config_name": "iso"})
    assert (iso["name"], iso["type"], iso["readonly"]) == ("iso", "menu", False)
    assert {"100", "200", "400"} <= set(iso["options"])
    unknown = await client.request(spell("GET_CONFIG"), {"config_name": "nonexistent_config"})
    assert unknown["error"] == "Config 'nonexistent_config' not found."
    changed = await client.do(spell("SET_CONFIG"), {"config_name": "iso", "value": "200"})
    assert (changed["name"], changed["value"]) == ("iso", "200")
    wrong = await client.request(spell("SET_CONFIG"), {"config_name": "iso", "value": "invalid_value"})
    assert wrong["error"].startswith("Failed to set config 'iso'. Value 'invalid_value' not in options.")


async def capture(client: WireClient, spell: Any, server: ServerProcess) -> None:
    taken = await client.do(spell("CAPTURE_IMAGE"), {"download": True})
    assert taken["message"] == "Image captured and downloaded."
    assert re.fullmatch(rf"captures/image_Canon_EOS_1300D_{STAMP}\.jpg", taken["file_path"])
    assert (server.folder / taken["file_path"]).read_bytes().startswith(b"\xff\xd8")
    left = await client.do(spell("CAPTURE_IMAGE"), {"download": False})
    assert left["file_path"] is None
    assert left["camera_path"]
    data = await client.do(spell("GET_IMAGE_DATA"), {"image_path": taken["file_path"]})
    assert base64.b64decode(data["image_b64"]) == (server.folder / taken["file_path"]).read_bytes()
    assert (data["filename"], data["mimetype"]) == (Path(taken["file_path"]).name, "image/jpeg")
    denied = await client.request(spell("GET_IMAGE_DATA"), {"image_path": "path/to/image.jpg"})
    assert denied["error"] == "Image not found or access denied: path/to/image.jpg"


async def liveview(client: WireClient, spell: Any) -> None:
    started = await client.do(spell("START_LIVEVIEW"), {})
    assert started["message"] == "Liveview stream initiated."
    frame = await client.event("liveview_frame")
    assert base64.b64decode(frame["frame"]).startswith(b"\xff\xd8")
    assert frame["mimetype"] == "image/jpeg"
    assert "request_id" not in frame
    assert await client.do(spell("STOP_LIVEVIEW"), {}) == {"message": "Liveview stream stopped."}
    raw = await client.do(spell("GET_PREVIEW"), {})
    assert raw == {"message": "Raw byte preview stream requested."}
    assert (await client.frames(2))[0].startswith(b"\xff\xd8")
    assert await client.do(spell("STOP_LIVEVIEW")) == {"message": "Liveview stream stopped."}


async def lights(client: WireClient, spell: Any) -> None:
    states = await client.do(spell("GET_LIGHT_STATES"), {})
    assert list(states["states"]) == LIGHTS
    assert states["gpio_available"] is False
    on = await client.do(spell("SET_LIGHT_STATE"), {"light_name": "light_front", "state": True})
    assert on == {
        "light_name": "light_front",
        "new_state": True,
        "gpio_available": False,
        "message": "Light 'light_front' turned ON. (simulated)",
    }
    wrong = await client.request(spell("SET_LIGHT_STATE"), {"light_name": "non_existent_light", "state": True})
    assert wrong["error"] == "Invalid light name: non_existent_light."


async def photometric_set(client: WireClient, spell: Any, server: ServerProcess) -> None:
    sequence = ["light_front_left", "light_front_right", "lights_top"]
    seen = len(client.events)
    done = await client.do(
        spell("CAPTURE_PHOTOMETRIC_SET"), {"light_sequence": sequence, "set_name_prefix": "my_object_scan"}
    )
    assert done["message"] == "Photometric sequence completed successfully."
    assert re.fullmatch(rf"photometric_sets/my_object_scan_{STAMP}", done["set_folder"])
    assert done["image_count"] == len(sequence)
    assert done["images_captured"] == [
        f"{done['set_folder']}/image_{number:02d}_{light}.jpg" for number, light in enumerate(sequence, start=1)
    ]
    progress = [event for event in client.events[seen:] if event["action"] == "photometric_progress"]
    statuses = [event["data"]["status"] for event in progress]
    assert [one for one in statuses if one.startswith("processing_light")] == [
        f"processing_light_{number}_of_3" for number in (1, 2, 3)
    ]
    first = progress[0]
    assert first["success"] is True
    assert (first["data"]["current_light"], first["data"]["error_detail"]) == ("light_front_left", None)
    assert first["data"]["set_folder"] == done["set_folder"]
    assert not any((await client.do("GET_LIGHT_STATES"))["states"].values())
    await image_sets(client, spell, server, Path(done["set_folder"]).name)


async def image_sets(client: WireClient, spell: Any, server: ServerProcess, name: str) -> None:
    assert (await client.do(spell("LIST_IMAGE_SETS"), {}))[0]["name"] == name
    contents = await client.do(spell("GET_IMAGE_SET_CONTENTS"), {"set_name": name})
    assert [image["filename"] for image in contents] == [
        "image_01_light_front_left.jpg",
        "image_02_light_front_right.jpg",
        "image_03_lights_top.jpg",
    ]
    assert contents[0]["path"] == f"captures/photometric_sets/{name}/image_01_light_front_left.jpg"
    missing = await client.request(spell("GET_IMAGE_SET_CONTENTS"), {"set_name": "non_existent_set"})
    assert missing["error"] == "Set 'non_existent_set' not found or empty."
    assert await client.do(spell("DELETE_IMAGE_SET"), {"set_name": name}) == {
        "message": f"Set '{name}' deleted successfully."
    }
    again = await client.request(spell("DELETE_IMAGE_SET"), {"set_name": name})
    assert again["error"].startswith(f"Failed to delete set '{name}'. It might not exist or an error occurred.")
    assert not (server.folder / "captures" / "photometric_sets" / name).exists()
