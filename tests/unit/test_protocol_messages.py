"""The envelope of every message."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tetherlight.errors import CameraBusy, SequenceFailed
from tetherlight.protocol.messages import (
    MAX_DEPTH,
    MAX_MESSAGE_BYTES,
    BadRequest,
    event_message,
    failure_reply,
    parse_request,
    success_reply,
)

ENVELOPE = {"action", "success", "data", "error", "request_id"}


def refused(text: str | bytes) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        parse_request(text)
    return caught.value


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def test_a_request_has_action_payload_and_id() -> None:
    """All three fields are read as they came."""
    request = parse_request('{"action": "get_config", "payload": {"config_name": "iso"}, "request_id": 7}')
    assert (request.action, request.payload, request.request_id) == ("get_config", {"config_name": "iso"}, 7)


@pytest.mark.parametrize("payload", ["", ', "payload": null', ', "payload": {}'])
def test_an_absent_payload_is_an_empty_one(payload: str) -> None:
    """Absent, null and empty mean the same."""
    assert parse_request('{"action": "GET_CAMERAS"' + payload + "}").payload == {}


@pytest.mark.parametrize("request_id", ["true", "1.5", "[]", "{}", "null"])
def test_an_odd_request_id_is_no_request_id(request_id: str) -> None:
    """Only strings and integers come back; the request itself is served."""
    assert parse_request('{"action": "GET_CAMERAS", "request_id": ' + request_id + "}").request_id is None


def test_fields_beside_the_payload_are_ignored() -> None:
    """A newer client's additions to the envelope do no harm."""
    assert parse_request('{"action": "GET_CAMERAS", "version": 9}').action == "GET_CAMERAS"


@pytest.mark.parametrize("text", ["", "nonsense", "{", '{"action": NaN}', b"\xff\xfe", '{"action": "a\\ud800"}'])
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    """The sentence says so, and the reply has no action to echo."""
    wrong = refused(text)
    assert (wrong.error.code, wrong.action, wrong.request_id) == ("invalid_message", "error", None)
    assert wrong.error.message.startswith("The message is not JSON: ")


@pytest.mark.parametrize("text", ["[]", "1", "null", '"GET_CAMERAS"'])
def test_what_is_no_object_is_refused(text: str) -> None:
    """Valid JSON of another kind is told apart from bad JSON."""
    assert refused(text).error.message == "The message must be a JSON object."


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("null", "The field 'action' is missing."),
        ('""', "The field 'action' is missing."),
        ("5", "The field 'action' must be a string."),
        ("[]", "The field 'action' must be a string."),
    ],
)
def test_a_request_without_a_readable_action_keeps_its_id(action: str, sentence: str) -> None:
    """A client that waits for its id is answered even then."""
    wrong = refused('{"action": ' + action + ', "request_id": "r1"}')
    assert (wrong.error.message, wrong.action, wrong.request_id) == (sentence, "error", "r1")


@pytest.mark.parametrize("payload", ["[]", "1", '"x"', "true"])
def test_a_payload_must_be_an_object(payload: str) -> None:
    """The reply names the action that was asked for."""
    wrong = refused('{"action": "get_config", "request_id": 3, "payload": ' + payload + "}")
    assert wrong.error.message == "The field 'payload' must be an object."
    assert (wrong.action, wrong.request_id) == ("get_config", 3)


def test_a_message_over_the_limit_is_refused() -> None:
    """The size is counted in bytes, not in characters."""
    filling = "ä" * (MAX_MESSAGE_BYTES // 2)
    assert refused('{"action": "' + filling + '"}').error.code == "message_too_large"


def test_a_message_at_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    frame = '{"action": "X", "payload": {"a": ""}}'
    text = frame.replace('""', '"' + "a" * (MAX_MESSAGE_BYTES - len(frame)) + '"')
    assert parse_request(text).action == "X"


def test_nesting_is_limited() -> None:
    """The deepest allowed payload is read, one level more is refused."""
    assert parse_request('{"action": "X", "payload": ' + nested(MAX_DEPTH - 1) + "}").action == "X"
    wrong = refused('{"action": "X", "payload": ' + nested(MAX_DEPTH + 1) + "}")
    assert f"deeper than {MAX_DEPTH} levels" in wrong.error.message


@pytest.mark.parametrize("text", ["[" * 30_000, '{"action":' * 6_000, nested(9_000)])
def test_very_deep_nesting_is_refused_without_recursion(text: str) -> None:
    """A hostile message costs no stack, and is not called something else than JSON."""
    error = refused(text).error
    assert error.code == "invalid_message"
    assert error.message == f"The message is nested deeper than {MAX_DEPTH} levels."


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_text_is_a_request_or_refused(text: str | bytes) -> None:
    """Nothing that can be sent raises anything else."""
    with suppress(BadRequest):
        parse_request(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_is_a_request_or_refused(value: object) -> None:
    """The same holds for valid JSON in every place of the envelope."""
    for message in (value, {"action": value}, {"action": "X", "payload": value, "request_id": value}):
        with suppress(BadRequest):
            parse_request(json.dumps(message))


def test_a_success_has_the_five_fields() -> None:
    """Nothing but the envelope stands in a success."""
    reply = json.loads(success_reply("get_cameras", [], 7))
    assert reply == {"action": "get_cameras", "success": True, "data": [], "error": None, "request_id": 7}


def test_a_failure_says_why_for_people_and_programs() -> None:
    """Sentence, code, hint and details stand side by side."""
    error = CameraBusy("The camera is busy.", hint="Wait for the set.", details={"job_id": "job-1"})
    reply = json.loads(failure_reply("CAPTURE_IMAGE", error, "r"))
    assert reply == {
        "action": "CAPTURE_IMAGE",
        "success": False,
        "data": None,
        "error": "The camera is busy.",
        "request_id": "r",
        "error_code": "camera_busy",
        "retryable": True,
        "hint": "Wait for the set.",
        "error_details": {"job_id": "job-1"},
    }


def test_a_failure_without_hint_has_no_hint_field() -> None:
    """Fields that have nothing to say are left out."""
    reply = json.loads(failure_reply("X", CameraBusy("Busy.")))
    assert set(reply) == ENVELOPE | {"error_code", "retryable"}


def test_a_failure_may_carry_partial_results() -> None:
    """What was done before the failure is in `data`."""
    error = SequenceFailed("Photometric sequence failed: x", data={"images_captured": ["a.jpg"]})
    assert json.loads(failure_reply("X", error))["data"] == {"images_captured": ["a.jpg"]}


def test_an_event_has_no_request_id() -> None:
    """Clients resolve on the first message with their id, so events never carry one at top level."""
    event = json.loads(event_message("lights_changed", {}, topic="lights", seq=3))
    assert event == {"action": "lights_changed", "success": True, "data": {}, "topic": "lights", "seq": 3}


def test_a_failed_event_carries_the_error() -> None:
    """An event can tell of a failure in the same fields as a reply."""
    event = json.loads(event_message("stop_liveview", None, error=CameraBusy("Busy.")))
    assert (event["success"], event["error"], event["error_code"]) == (False, "Busy.", "camera_busy")
