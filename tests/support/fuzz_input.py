"""Rules that send what is no request, or none that can be carried out, and any HTTP."""

import asyncio
import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from support.fuzz_world import CODES, TOPICS, RigModel, well_formed
from support.patience import stretched
from support.raw_http import exchange
from support.wire_client import ANSWER_S
from tetherlight.errors import InvalidPayload
from tetherlight.protocol.actions import ACTIONS

READS = ("GET_LIGHT_STATES", "GET_JOBS", "GET_CAMERAS", "LIST_IMAGE_SETS", "GET_CONFIG", "DESCRIBE")

plain_json: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
request_ids = st.one_of(
    st.text(min_size=1, max_size=30), st.integers(), st.integers(min_value=2**63, max_value=2**200)
)  # fmt: skip
wrong_request_ids = st.one_of(
    st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.lists(st.integers(), max_size=2), st.none()
)


class WrongInput(RigModel):
    """Random nonsense; none of it changes the rig."""

    # What is no request, or none that can be carried out

    @rule(action=st.sampled_from(sorted(ACTIONS)), data=st.data())
    def send_a_wrong_payload(self, action: str, data: st.DataObject) -> None:
        """One field of a right payload is of another type, missing, or one too many."""
        payload = dict(ACTIONS[action].example)
        field = data.draw(st.sampled_from([*sorted(ACTIONS[action].payload.model_fields), "surplus"]))
        payload[field] = data.draw(plain_json)
        try:
            ACTIONS[action].parse(payload)
        except InvalidPayload:
            reply = self.fails("invalid_payload", action, payload)
            assert action in reply["error"], reply

    @rule(text=st.text(max_size=200) | plain_json.map(json.dumps))
    def send_any_text(self, text: str) -> None:
        """What is no object with a known action is refused; ids that can be read come back."""
        self.world.do(self._send_any_text(text))

    async def _send_any_text(self, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            return
        reply = await self._text(text, _readable_id(text))
        assert reply["success"] is False, (text, reply)
        assert reply["error_code"] in {"invalid_message", "unknown_action"}, (text, reply)

    @rule(request_id=request_ids, action=st.sampled_from(["GET_LIGHT_STATES", "get_jobs", "List_Captures"]))
    def choose_any_id(self, request_id: Any, action: str) -> None:
        """Any string or whole number is an id, and the action is echoed as it was spelt."""
        text = json.dumps({"action": action, "request_id": request_id})
        reply = self.world.do(self._text(text, request_id))
        assert (reply["action"], reply["success"], reply["request_id"]) == (action, True, request_id)

    @rule(request_id=wrong_request_ids)
    def choose_what_is_no_id(self, request_id: Any) -> None:
        text = json.dumps({"action": "GET_LIGHT_STATES", "request_id": request_id})
        assert self.world.do(self._text(text, None))["request_id"] is None

    @rule(action=st.text(min_size=1, max_size=40).filter(lambda text: text.upper() not in ACTIONS))
    def ask_for_any_action(self, action: str) -> None:
        try:
            action.encode()
        except UnicodeEncodeError:
            return
        self.fails("unknown_action", action)

    @rule(content=st.binary(max_size=100))
    def send_bytes(self, content: bytes) -> None:
        self.world.do(self._send_bytes(content))

    async def _send_bytes(self, content: bytes) -> None:
        before = len(self.client.events)
        await self.client.socket.send(content)
        reply = await self.client.event(lambda one: "request_id" in one, after=before)
        assert well_formed(reply)["error_code"] == "invalid_message"

    @rule(
        actions=st.lists(
            st.sampled_from(
                ["GET_LIGHT_STATES", "GET_JOBS", "GET_CAMERAS", "LIST_IMAGE_SETS", "GET_CONFIG", "DESCRIBE"]
            ),
            min_size=2,
            max_size=12,
        )
    )
    def ask_much_at_once(self, actions: list[str]) -> None:
        self.world.do(self._ask_much_at_once(actions))

    async def _ask_much_at_once(self, actions: list[str]) -> None:
        replies = [await self.client.send(action) for action in actions]
        async with asyncio.timeout(stretched(ANSWER_S)):
            for action, reply in zip(actions, await asyncio.gather(*replies), strict=True):
                assert well_formed(reply)["action"] == action
        self.world.tried["requests"] += len(actions)

    @rule(topics=st.lists(st.sampled_from(TOPICS), max_size=6))
    def subscribe(self, topics: list[str]) -> None:
        assert set(self.succeeds("SUBSCRIBE", {"topics": topics})["topics"]) == set(topics)

    # HTTP

    @rule(
        place=st.sampled_from(["/", "/images/", "/thumbnails/", "/exif/", "/sets/", "/cameras/", "/login", "/_next/"]),
        path=st.text(max_size=30),
        method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"]),
        header=st.sampled_from(
            ["Range", "If-Range", "If-None-Match", "If-Modified-Since", "Origin", "Cookie", "Authorization", "Accept"]
        ),
        value=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
        | st.sampled_from(["bytes=0-", "bytes=-5", "bytes=9999999999999999999-", "bytes=5-2", "bytes=0-1,3-4", "*"]),
    )
    def send_any_http(self, place: str, path: str, method: str, header: str, value: str) -> None:
        self.world.do(self._send_any_http(method, place + path, header, value))

    async def _send_any_http(self, method: str, path: str, header: str, value: str) -> None:
        self.world.tried["HTTP requests"] += 1
        answer = await exchange(self.world.server.port, method, path, {header: value})
        assert answer.status < 500, (method, path, header, value, answer)
        if answer.headers.get("content-type", "").startswith("application/json") and answer.status >= 400:
            problem = json.loads(answer.body or b'{"error_code": "forbidden"}')
            assert problem.get("error_code", "forbidden") in CODES, answer


def _readable_id(text: str) -> Any:
    """Return the request_id that the answer to a text must carry."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = value.get("request_id") if isinstance(value, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None
