"""What a client is told of errors of the operating system that reach the dispatcher."""

import errno
import json
import logging
import os
from typing import Any, cast

import pytest

from tetherlight.actions.dispatch import dispatch
from tetherlight.errors import OutOfResources, unexpected
from tetherlight.protocol.action import EVERY_RIGHT, Right
from tetherlight.protocol.messages import Request
from tetherlight.rig.rig import Rig
from tetherlight.server.replies import error_response
from tetherlight.server.ws.connection import Connection


class BrokenCameras:
    """The cameras of a machine on which something goes wrong."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def look(self) -> Any:
        raise self._error


class BrokenRig:
    """A rig whose cameras cannot be looked for."""

    def __init__(self, error: Exception) -> None:
        self.cameras = BrokenCameras(error)


class NamedConnection:
    """All that is needed of a connection to answer on it."""

    id = name = "c1"
    rights: frozenset[Right] = EVERY_RIGHT


async def answered(error: Exception) -> dict[str, Any]:
    """Give the reply to GET_CAMERAS where looking for them raises this error."""
    request = Request(action="GET_CAMERAS", payload={}, request_id=1)
    rig, connection = cast("Rig", BrokenRig(error)), cast("Connection", NamedConnection())
    reply = await dispatch(rig, connection, request)
    return cast("dict[str, Any]", json.loads(reply or b""))


@pytest.mark.parametrize(
    "error",
    [OSError(number, os.strerror(number)) for number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)]
    + [MemoryError(), RuntimeError("can't start new thread")],
    ids=["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "MemoryError", "thread"],
)
async def test_a_machine_at_its_limits_has_a_code_and_a_hint(error: Exception) -> None:
    reply = await answered(error)
    assert (reply["success"], reply["error_code"], reply["retryable"]) == (False, "out_of_resources", True)
    assert "ulimit" in reply["hint"]
    assert error_response(unexpected(error)).status_code == 503


async def test_a_client_is_told_what_only_the_server_sets_and_which_right_it_lacks() -> None:
    rig, connection = cast("Rig", None), NamedConnection()
    request = Request(action="set_rig", payload={"lights": [{"name": "a", "driver": "x"}]}, request_id=1)
    reply = json.loads(await dispatch(rig, cast("Connection", connection), request) or b"")
    assert (reply["success"], reply["error_code"], reply["retryable"]) == (False, "server_only", False)
    assert reply["error"] == "SET_RIG does not set 'driver': only the server's own files do."
    assert reply["error_details"] == {"key": "driver"}
    connection.rights = frozenset({"read", "delete"})
    reply = json.loads(await dispatch(rig, cast("Connection", connection), request) or b"")
    assert (reply["error_code"], reply["error_details"]) == ("right_missing", {"right": "settings"})
    assert reply["error"] == "SET_RIG needs the right 'settings', which c1 does not have."


async def test_other_errors_of_the_system_stay_the_servers_mistake() -> None:
    reply = await answered(OSError(errno.EBADF, "Bad file descriptor"))
    assert reply["error_code"] == "internal_error"
    assert OutOfResources.of(ValueError()) is None


@pytest.mark.parametrize("request_id", ["x" * 60_000, 10**4000, -(10**4000)], ids=["text", "number", "negative"])
async def test_a_long_id_is_answered_whole_and_logged_short(
    request_id: str | int, caplog: pytest.LogCaptureFixture
) -> None:
    """An id is as long as its sender likes; the log is for people."""
    caplog.set_level(logging.INFO, "tetherlight.actions.dispatch")
    request = Request(action="GET_NAMING", payload={"capture": 1}, request_id=request_id)
    reply = await dispatch(cast("Rig", None), cast("Connection", NamedConnection()), request)
    assert str(request_id).encode() in (reply or b"")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "tetherlight.actions.dispatch"]
    assert len(line) < 250
