"""What a released version promised its clients is kept: names and fields are added, and none is taken away."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from promises import PROMISED, broken, promised_by
from tetherlight.protocol.schema import protocol_schema


@pytest.fixture(scope="module")
def promised() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PROMISED.read_text())
    return found


def test_every_promise_of_a_release_is_kept(promised: dict[str, Any]) -> None:
    assert len(promised["actions"]) > 40
    assert broken(promised, promised_by(protocol_schema())) == []


def test_what_is_taken_away_is_found(promised: dict[str, Any]) -> None:
    """Each kind of promise, broken by hand."""
    now = deepcopy(promised)
    del now["actions"]["CAPTURE_IMAGE"]
    now["actions"]["SET_CONFIG"]["payload"].remove("value")
    now["actions"]["GET_CAMERAS"]["required"].append("token")
    now["actions"]["CAPTURE_PHOTOMETRIC_SET"]["result"].remove("set_folder")
    now["events"]["camera_lost"].remove("camera_id")
    now["error_codes"].remove("camera_lost")
    assert sorted(broken(promised, now)) == [
        "The action CAPTURE_IMAGE is gone.",
        "The error code camera_lost is gone.",
        "The field 'camera_id' of the event camera_lost is gone.",
        "The field 'set_folder' of the result of CAPTURE_PHOTOMETRIC_SET is gone.",
        "The field 'token' of the payload of GET_CAMERAS must be given now.",
        "The field 'value' of the payload of SET_CONFIG is gone.",
    ]


def test_what_is_added_breaks_nothing(promised: dict[str, Any]) -> None:
    now = deepcopy(promised)
    now["actions"]["CAPTURE_IMAGE"]["payload"].append("mood")
    now["actions"]["DANCE"] = {"payload": [], "required": ["tempo"], "result": []}
    assert broken(promised, now) == []


def test_the_promises_are_those_of_a_checkout_of_their_version() -> None:
    """The file has no other keys than the ones that are compared."""
    assert json.loads(PROMISED.read_text()).keys() == promised_by(protocol_schema()).keys()
    assert Path(PROMISED).parent.name == "schema"
