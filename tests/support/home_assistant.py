"""A real Home Assistant as a child process; `make test-home-assistant` installs it, elsewhere its tests are skipped."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from support.free_ports import free_port
from support.patience import stretched
from support.turns import until_found

HASS = Path(__file__).parents[2] / ".cache" / "home-assistant" / "bin" / "hass"
needs_home_assistant = pytest.mark.skipif(
    not HASS.exists(), reason="needs Home Assistant: make test-home-assistant installs it"
)
ANSWER_S = 60.0
START_S = 180.0
CLIENT = "http://127.0.0.1/"
CONFIG = """\
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
onboarding:
logger:
  default: warning
"""
GONE = "unavailable"
"""How an entity stands whose rig or camera is not there."""
State = dict[str, Any]


class HomeAssistant:
    """Run it while the context lasts, with its files in `folder`; it knows one user and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        (folder / "configuration.yaml").write_text(CONFIG.format(port=self._port))
        self._process: asyncio.subprocess.Process | None = None
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=ANSWER_S)
        self._socket: ClientConnection | None = None
        self._ids = itertools.count(1)
        self._token = ""
        self._heard = 0
        self.states: dict[str, State] = {}
        """How each entity stands, by its id, as far as it was heard."""

    async def __aenter__(self) -> Self:
        await self.start()
        user = {"client_id": CLIENT, "name": "Tester", "username": "t", "password": "a password", "language": "en"}
        code = (await self._post("/api/onboarding/users", user))["auth_code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT}
        tokens = (await self._http.post("/auth/token", data=form)).raise_for_status().json()
        self._token = tokens["access_token"]
        self._http.headers["Authorization"] = f"Bearer {self._token}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()
        await self._http.aclose()

    async def start(self) -> None:
        """Start it and wait until it answers."""
        command = [str(HASS), "-c", str(self._folder), "--skip-pip"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with (self._folder / "out.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        await until_found(self._answers, START_S)

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, (self._folder / "out.log").read_text()
        with contextlib.suppress(httpx.TransportError):
            return (await self._http.get("/manifest.json")).status_code == 200
        return False

    async def stop(self) -> None:
        """End it."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), stretched(ANSWER_S))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None
        self.states.clear()

    async def use_broker(self, port: int) -> None:
        """Add the integration MQTT, as a person does it in the settings."""
        flows = "/api/config/config_entries/flow"
        flow = await self._post(flows, {"handler": "mqtt"})
        done = await self._post(f"{flows}/{flow['flow_id']}", {"broker": "127.0.0.1", "port": port})
        assert done["type"] == "create_entry", done

    async def listen(self) -> None:
        """Hear of every change from now on, and ask how everything stands."""
        uri = f"ws://127.0.0.1:{self._port}/api/websocket"
        self._socket = await connect(uri, proxy=None, max_size=None)
        await self._socket.recv()
        await self._socket.send(json.dumps({"type": "auth", "access_token": self._token}))
        assert json.loads(await self._socket.recv())["type"] == "auth_ok"
        await self.ask("subscribe_events", event_type="state_changed")
        for state in await self.ask("get_states"):
            self.states[state["entity_id"]] = state

    async def ask(self, kind: str, **more: Any) -> Any:
        """Ask by the WebSocket and give the result; what is told meanwhile is taken."""
        assert self._socket is not None
        number = next(self._ids)
        await self._socket.send(json.dumps({"id": number, "type": kind, **more}))
        async with asyncio.timeout(stretched(ANSWER_S)):
            while True:
                said = await self._hear()
                if said["type"] == "result" and said["id"] == number:
                    assert said["success"], said
                    return said["result"]

    async def do(self, service: str, entity_id: str, **data: Any) -> None:
        """Call a service, such as light.turn_on, for an entity as soon as that is available."""
        await self.until(entity_id, lambda one: one["state"] != GONE)
        domain, _, name = service.partition(".")
        target = {"entity_id": entity_id}
        await self.ask("call_service", domain=domain, service=name, service_data=data, target=target)

    async def entities(self) -> dict[str, str]:
        """Give the id of every entity that came by MQTT, by the id that the rig gave it."""
        listed = await self.ask("config/entity_registry/list")
        return {one["unique_id"]: one["entity_id"] for one in listed if one["platform"] == "mqtt"}

    async def until_known(self, unique_id: str) -> None:
        """Wait until there is an entity to which the rig gave this id."""
        async with asyncio.timeout(stretched(ANSWER_S)):
            while True:
                before = self._heard
                if unique_id in await self.entities():
                    return
                # What was told while it was asked may have been just that.
                if self._heard == before:
                    await self._hear()

    async def until(self, entity_id: str, stands: Callable[[State], bool]) -> State:
        """Give how an entity stands as soon as it stands so."""
        async with asyncio.timeout(stretched(ANSWER_S)):
            while entity_id not in self.states or not stands(self.states[entity_id]):
                await self._hear()
        return self.states[entity_id]

    async def until_gone(self, entity_id: str) -> None:
        """Wait until there is no such entity."""
        async with asyncio.timeout(stretched(ANSWER_S)):
            while entity_id in self.states:
                await self._hear()

    async def picture(self, entity_id: str) -> bytes:
        """Give what a camera of it shows."""
        return (await self._http.get(f"/api/camera_proxy/{entity_id}")).raise_for_status().content

    async def _hear(self) -> Any:
        assert self._socket is not None
        said = json.loads(await self._socket.recv())
        if said["type"] == "event":
            self._heard += 1
            data = said["event"]["data"]
            if data["new_state"] is None:
                self.states.pop(data["entity_id"], None)
            else:
                self.states[data["entity_id"]] = data["new_state"]
        return said

    async def _post(self, path: str, body: Any) -> Any:
        return (await self._http.post(path, json=body)).raise_for_status().json()
