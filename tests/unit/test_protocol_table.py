"""The tables of actions and events."""

import json
import re
from typing import Any, get_args

import pytest

from tetherlight.errors import InvalidPayload, TetherlightError, UnknownAction
from tetherlight.protocol.action import EVERY_RIGHT, Action, Payload
from tetherlight.protocol.actions import ACTIONS, find_action
from tetherlight.protocol.events import EVENTS
from tetherlight.protocol.features import BROUGHT, FEATURES
from tetherlight.protocol.messages import MAX_MESSAGE_BYTES
from tetherlight.protocol.names import Feature, Topic
from tetherlight.protocol.topics import TOPICS

SEED = {
    "GET_CAMERAS", "SELECT_CAMERA", "DESELECT_CAMERA", "GET_CONFIG", "SET_CONFIG", "CAPTURE_IMAGE", "START_LIVEVIEW",
    "STOP_LIVEVIEW", "GET_LIGHT_STATES", "SET_LIGHT_STATE", "CAPTURE_PHOTOMETRIC_SET", "LIST_IMAGE_SETS",
    "GET_IMAGE_SET_CONTENTS", "DELETE_IMAGE_SET", "GET_IMAGE_DATA", "GET_PREVIEW",
}  # fmt: skip

FIRST_SERVER = {
    "DRIVE_FOCUS", "SET_LIGHT_STATES", "SET_RIG", "GET_IMAGE_SET", "RENAME_IMAGE_SET", "ANNOTATE_IMAGE_SET",
    "LIST_CAPTURES", "GET_SERVER_INFO", "DESCRIBE", "AUTH", "PING", "DIAGNOSE",
}  # fmt: skip
"""What every server has that has GET_SERVER_INFO; what comes later needs a feature."""

every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)


def refused(action: str, payload: dict[str, Any]) -> InvalidPayload:
    with pytest.raises(InvalidPayload) as caught:
        ACTIONS[action].parse(payload)
    return caught.value


def test_the_first_actions_are_all_there() -> None:
    """What deployed clients send is in the table for ever."""
    assert set(ACTIONS) >= SEED


@every_action
def test_the_example_of_an_action_is_valid(action: Action[Any, Any]) -> None:
    """Payload and result of each example pass the models that describe them."""
    assert isinstance(action.parse(action.example), action.payload)
    action.result.model_validate_json(json.dumps(action.example_result))


@every_action
def test_an_action_is_described(action: Action[Any, Any]) -> None:
    """A summary is one sentence; models say what they hold; the name is spelt as on the wire."""
    assert re.fullmatch(r"[A-Z][A-Z_]+", action.name)
    assert action.summary.endswith(".")
    assert action.payload.__doc__
    assert action.result.__doc__
    assert all(issubclass(error, TetherlightError) for error in action.errors)
    assert action.timeout_s is None or action.timeout_s > 0


@every_action
def test_an_action_needs_one_right(action: Action[Any, Any]) -> None:
    """Reading is enough for what may be asked again; what can lose something needs a right of its own."""
    assert action.right in EVERY_RIGHT
    assert not action.repeatable or action.right == "read"
    assert (action.right == "delete") == action.name.startswith(("DELETE_", "RESTORE_", "EMPTY_"))
    changes_the_rig = action.name in {"SET_RIG", "SET_NAMING"}
    assert (action.right == "settings") == changes_the_rig
    changes = action.name.startswith(("SET_", "CAPTURE_", "ANNOTATE_", "RENAME_")) and not changes_the_rig
    assert not changes or action.right == "control"


@every_action
def test_unknown_fields_are_refused_by_name(action: Action[Any, Any]) -> None:
    """A misspelt field never passes unnoticed."""
    wrong = refused(action.name, action.example | {"colour": 1})
    assert wrong.message == f"{action.name} has no field 'colour'."


@every_action
def test_null_is_the_same_as_absent(action: Action[Any, Any]) -> None:
    """Clients may send null for each optional field."""
    optional = [name for name, field in action.payload.model_fields.items() if not field.is_required()]
    given = {name: value for name, value in action.example.items() if name not in optional}
    assert action.parse(given | dict.fromkeys(optional)) == action.parse(given)


@every_action
def test_a_missing_field_is_named(action: Action[Any, Any]) -> None:
    """Each required field is asked for by name."""
    for name, field in action.payload.model_fields.items():
        if field.is_required():
            given = {other: value for other, value in action.example.items() if other != name}
            assert refused(action.name, given).message == f"{action.name} needs the field '{name}'."


@pytest.mark.parametrize("name", ["set_config", "SET_CONFIG", "Set_Config"])
def test_an_action_is_found_in_any_case(name: str) -> None:
    """Deployed clients send lower case."""
    assert find_action(name).name == "SET_CONFIG"


@pytest.mark.parametrize("name", ["", "FLY", "SET_CONFIG ", "__class__", "x" * 5000])
def test_an_unknown_action_is_named(name: str) -> None:
    """The sentence repeats the name, but not without end."""
    with pytest.raises(UnknownAction) as caught:
        find_action(name)
    assert caught.value.message == f"Unknown action '{name[:100]}'."


@pytest.mark.parametrize(
    ("action", "payload", "field"),
    [
        ("SELECT_CAMERA", {"model": 5}, "model"),
        ("GET_CONFIG", {"config_name": ["iso"]}, "config_name"),
        ("CAPTURE_IMAGE", {"download": "yes"}, "download"),
        ("CAPTURE_IMAGE", {"download": 1}, "download"),
        ("SET_LIGHT_STATE", {"light_name": "x", "state": "on"}, "state"),
        ("SET_LIGHT_STATE", {"light_name": True, "state": True}, "light_name"),
        ("START_LIVEVIEW", {"encoding": "webm"}, "encoding"),
        ("START_LIVEVIEW", {"max_fps": 0}, "max_fps"),
        ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": "light_left"}, "light_sequence"),
        ("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": [1]}, "light_sequence.0"),
        ("SUBSCRIBE", {"topics": ["weather"]}, "topics.0"),
        ("ANNOTATE_IMAGE_SET", {"set_name": "x", "rating": 6}, "rating"),
    ],
)
def test_a_wrong_type_is_named(action: str, payload: dict[str, Any], field: str) -> None:
    """Types are strict; the sentence and the details name the field."""
    wrong = refused(action, payload)
    assert wrong.message.startswith(f"Field '{field}' of {action}: ")
    assert wrong.details is not None
    assert wrong.details["fields"][0]["field"] == field


@pytest.mark.parametrize("value", ["200", 200, 0.5, True])
def test_a_config_value_keeps_its_type(value: Any) -> None:
    """SET_CONFIG takes what the entry needs: text, number or switch."""
    parsed = ACTIONS["SET_CONFIG"].parse({"config_name": "iso", "value": value})
    assert parsed.value == value
    assert type(parsed.value) is type(value)


@pytest.mark.parametrize("value", [[], {}, [1]])
def test_a_config_value_is_a_single_value(value: Any) -> None:
    """Lists and objects are no values of a camera."""
    assert refused("SET_CONFIG", {"config_name": "iso", "value": value}).code == "invalid_payload"


def test_a_payload_cannot_be_changed() -> None:
    """Values are frozen."""
    parsed = ACTIONS["SET_LIGHT_STATE"].parse({"light_name": "light_left", "state": True})
    with pytest.raises(ValueError, match="frozen"):
        parsed.state = False


def test_a_failure_sentence_names_the_thing() -> None:
    """Fields of the payload stand in the sentence, absent ones as nothing, long ones cut."""
    action = ACTIONS["SET_CONFIG"]
    assert action.failure_sentence({"config_name": "iso"}) == "Failed to set config 'iso'."
    assert action.failure_sentence({}) == "Failed to set config ''."
    assert len(action.failure_sentence({"config_name": "x" * 9999}) or "") < 300
    assert ACTIONS["GET_CONFIG"].failure_sentence({}) is None


def test_the_table_of_topics_is_whole() -> None:
    """Each that can be subscribed to has a row and an event, and no event has another topic."""
    assert tuple(TOPICS) == get_args(Topic)
    assert all(row.events and row.summary.endswith(".") for row in TOPICS.values())
    assert {event.topic for event in EVENTS.values()} - {None} == set(TOPICS)


@pytest.mark.parametrize("feature", FEATURES.values(), ids=lambda feature: feature.name)
def test_a_feature_is_described(feature: Feature) -> None:
    """It is spelt as on the wire, has a sentence, and stands for one thing only."""
    assert re.fullmatch(r"[a-z][a-z_]+", feature.name)
    assert feature.summary.endswith(".")
    assert [one for one in BROUGHT if one.name == feature.name] == [feature]


def test_deployed_clients_find_the_features_that_they_know() -> None:
    """No word is ever taken back."""
    assert set(FEATURES) >= {
        "jobs", "series", "subscribe", "binary_liveview", "mjpeg", "several_cameras", "trash", "thumbnails", "zip",
        "ratings", "naming", "log", "focus_point", "set_files", "set_pages",
    }  # fmt: skip


def test_what_came_after_the_first_clients_is_known_by_a_feature() -> None:
    """Each action that deployed servers may lack names one, or was there from the first GET_SERVER_INFO on."""
    assert {name for name, action in ACTIONS.items() if action.feature is None} - SEED == FIRST_SERVER


def test_events_are_spelt_in_lower_case() -> None:
    """An event that shares its name with an action tells the end of what that action began."""
    assert all(re.fullmatch(r"[a-z][a-z_]+", name) for name in EVENTS)
    assert {name for name in EVENTS if name.upper() in ACTIONS} == {"stop_liveview", "get_preview"}


def test_a_request_fits_into_a_message() -> None:
    """Every example is far below the limit of a message."""
    assert all(len(json.dumps(action.example)) < MAX_MESSAGE_BYTES // 10 for action in ACTIONS.values())


def test_payloads_are_strict() -> None:
    """Every payload derives from the strict base."""
    assert all(issubclass(action.payload, Payload) for action in ACTIONS.values())


@every_action
def test_an_empty_text_is_read_as_nothing_where_a_field_may_be_absent(action: Action[Any, Any]) -> None:
    """Old clients send every field of their forms, filled in or not."""
    fields = action.payload.model_fields
    absent = {name for name, field in fields.items() if not field.is_required()} - action.payload.empty_counts
    assert action.parse(action.example | dict.fromkeys(absent, "")) == action.parse(
        {name: value for name, value in action.example.items() if name not in absent}
    )


def test_an_empty_text_inside_is_read_as_nothing_too() -> None:
    """But a field that must be there is empty then, and one whose empty text removes something removes it."""
    light = {"name": "top", "group": "", "direction": "", "settle_s": None}
    assert ACTIONS["SET_RIG"].parse({"lights": [light]}) == ACTIONS["SET_RIG"].parse({"lights": [{"name": "top"}]})
    assert ACTIONS["SET_CONFIG"].parse({"config_name": "artist", "value": ""}).value == ""
    noted = ACTIONS["ANNOTATE_IMAGE_SET"].parse({"set_name": "vase", "notes": "", "catalogue_number": "", "rating": ""})
    assert (noted.notes, noted.catalogue_number, noted.rating) == ("", "", None)


@pytest.mark.parametrize(
    ("action", "payload", "sentence"),
    [
        ("SET_CONFIG", {"config_name": "iso", "value": [1]},
         ("Field 'value' of SET_CONFIG: input should be "
         "a valid boolean, a valid integer, a valid number or a valid string.")),
        ("CAPTURE_SERIES", {"exposure": ["x"]},
         "Field 'exposure.0' of CAPTURE_SERIES: input should be a valid number or an object."),
        ("CAPTURE_SERIES", {"exposure": [0, 50]},
         "Field 'exposure.1' of CAPTURE_SERIES: input should be less than or equal to 20."),
    ],
)  # fmt: skip
def test_a_value_that_may_be_of_several_kinds_is_told_once_and_where_it_is(
    action: str, payload: dict[str, Any], sentence: str
) -> None:
    """In the sender's words: the names that a library has for its kinds stand in no sentence and in no details."""
    error = refused(action, payload)
    assert str(error) == sentence
    assert error.details is not None
    assert [one["field"] for one in error.details["fields"]] == [sentence.split("'")[1]]


def test_a_wrong_key_of_one_kind_is_named() -> None:
    """What comes closest to one of the kinds is told, not that it is none of the others."""
    error = refused("CAPTURE_SERIES", {"exposure": [{"foo": "1"}]})
    assert str(error).startswith("Field 'exposure.0.foo' of CAPTURE_SERIES: ")
