"""A relay or a dimmer shaped like one of Shelly, of the first generation or of a later one.

Both tell the same in the words of their generation: HTTP and CoAP in the first, JSON-RPC over HTTP and WebSocket later.
"""

import asyncio
import base64
import hashlib
import json
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from support.lamp_http import Answer, HttpDevice, Refused

USER, REALM, NONCE = "admin", "shellyplus1-a8032ab12345", "64dc5bd6"
MAC = "A8032AB12345"
FIRMWARE = "20230913-112003/v1.14.0-gcb84623"
COAP_PORT = 5683


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class ShellyDevice(HttpDevice):
    """One output; `password` is wanted where there is one."""

    def __init__(self, *, dims: bool) -> None:
        super().__init__()
        self.dims = dims
        self.password: str | None = None


class FirstGeneration(ShellyDevice):
    """A Shelly 1, or a Dimmer 2."""

    @property
    def kind(self) -> str:
        return "light" if self.dims else "relay"

    @property
    def model(self) -> str:
        return "SHDM-2" if self.dims else "SHSW-1"

    def admit(self, method: str, where: str, headers: dict[str, str]) -> None:  # noqa: ARG002 - as all devices
        wanted = "Basic " + base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        if self.password is not None and where != "/shelly" and headers.get("authorization") != wanted:
            raise Refused(401, www_authenticate='Basic realm="shelly"')

    def answer(self, path: str, query: dict[str, Any]) -> Answer:
        told: dict[str, Answer] = {
            "/shelly": {
                "type": self.model, "mac": MAC, "auth": self.password is not None, "fw": FIRMWARE, "longid": 1,
                "num_outputs": 1,
            },
            "/settings": {
                "device": {"type": self.model, "mac": MAC, "hostname": f"shelly1-{MAC}", "num_outputs": 1},
                "name": "lamp", "mode": "white" if self.dims else "relay", "fw": FIRMWARE,
                f"{self.kind}s": [{"ison": self.on, "default_state": "off", "auto_off": 0}],
                "coiot": {"enabled": True, "update_period": 15, "peer": ""},
            },
            "/status": {"mac": MAC, "uptime": 9, f"{self.kind}s": [self._state()]},
            "/cit/d": self.described(),
        }  # fmt: skip
        if path in told:
            return told[path]
        if path != f"/{self.kind}/0":
            raise Refused(404)
        if "turn" in query:
            self.switch(query["turn"] == "on", float(query["timer"]) if "timer" in query else None)
        self.brightness = int(query.get("brightness", self.brightness))
        return self._state()

    def _state(self) -> dict[str, Any]:
        timer = self._timer is not None and self.on
        dimmed = {"brightness": self.brightness, "mode": "white"} if self.dims else {}
        return {"ison": self.on, "has_timer": timer, "timer_remaining": int(timer), "source": "http"} | dimmed

    def described(self) -> dict[str, Any]:
        """Give its blocks and what each tells, as CoAP says it."""
        sensors = [{"I": 1101, "T": "S", "D": "output", "R": "0/1", "L": 1}]
        sensors += [{"I": 5101, "T": "S", "D": "brightness", "R": "1/100", "L": 1}] if self.dims else []
        return {"blk": [{"I": 1, "D": f"{self.kind}_0"}], "sen": sensors}

    def stands(self) -> dict[str, Any]:
        """Give the values of what is described."""
        values = [[0, 1101, int(self.on)]] + ([[0, 5101, self.brightness]] if self.dims else [])
        return {"G": values}

    @asynccontextmanager
    async def coap(self) -> AsyncIterator[None]:
        """Answer CoAP at its usual port of loopback."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Coap(self), local_addr=("127.0.0.1", COAP_PORT))
        yield
        transport.close()


class _Coap(asyncio.DatagramProtocol):
    def __init__(self, device: FirstGeneration) -> None:
        self._device = device

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        told = self._device.described() if data.rstrip(b"\xff\0").endswith(b"d") else self._device.stands()
        name = f"{self._device.model}#{MAC}#2".encode()
        # Option 3332, its name: both its number and its length are longer than a half byte.
        option = bytes([0xED]) + struct.pack(">HB", 3332 - 269, len(name) - 13) + name
        self._transport.sendto(b"\x50\x45\x00\x0a" + option + b"\xff" + json.dumps(told).encode(), addr)


class LaterGeneration(ShellyDevice):
    """A Plus 1, or a Plus Dimmer."""

    def __init__(self, *, dims: bool) -> None:
        super().__init__(dims=dims)
        self._listeners: list[ServerProtocol] = []
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def key(self) -> str:
        return "light:0" if self.dims else "switch:0"

    def admit(self, method: str, where: str, headers: dict[str, str]) -> None:
        if self.password is None or where == "/shelly":
            return
        words = dict(re.findall(r'(\w+)="?([^",]*)"?', headers.get("authorization", "")))
        secret, asked = _sha256(f"{USER}:{REALM}:{self.password}"), _sha256(f"{method}:{where}")
        proof = [secret, NONCE, words.get("nc", ""), words.get("cnonce", ""), "auth", asked]
        if words.get("response") != _sha256(":".join(proof)):
            raise Refused(
                401, www_authenticate=f'Digest qop="auth", realm="{REALM}", nonce="{NONCE}", algorithm=SHA-256'
            )

    def answer(self, path: str, query: dict[str, Any]) -> Answer:
        if path == "/shelly":
            return self._info()
        if not path.startswith("/rpc/"):
            raise Refused(404)
        words: dict[str, Any] = {"true": True, "false": False}
        return self.call(path.removeprefix("/rpc/"), {name: words.get(value, value) for name, value in query.items()})

    def call(self, method: str, params: dict[str, Any]) -> Answer:
        """Do what a method says; raise Refused where there is no such one, or its output is not there."""
        component = "Light" if self.dims else "Switch"
        told: dict[str, Any] = {
            "Shelly.GetDeviceInfo": self._info,
            "Shelly.GetConfig": lambda: {
                self.key: {"id": 0, "name": "lamp"}, "sys": {"device": {"name": "lamp", "mac": MAC}},
            },
            "Shelly.GetStatus": lambda: {self.key: self._state(), "sys": {"mac": MAC, "restart_required": False}},
            "Shelly.GetComponents": lambda: {"components": [], "cfg_rev": 1, "offset": 0, "total": 0},
            f"{component}.GetStatus": self._state,
            f"{component}.Set": lambda: self._set(params),
        }  # fmt: skip
        if method not in told:
            raise Refused(404)
        if method.startswith(component) and int(params["id"]) != 0:
            raise Refused(500)
        answer: Answer = told[method]()
        return answer

    def _set(self, params: dict[str, Any]) -> Answer:
        before = self.on
        self.brightness = int(params.get("brightness", self.brightness))
        if "on" in params:
            self.switch(params["on"] is True, float(params["toggle_after"]) if "toggle_after" in params else None)
        self._tell({"method": "NotifyStatus", "params": {"ts": 1.0, self.key: self._state()}})
        # Its dimmers answer with null.
        return None if self.dims else {"was_on": before}

    def _state(self) -> dict[str, Any]:
        dimmed = {"brightness": self.brightness} if self.dims else {"temperature": {"tC": 40.0, "tF": 104.0}}
        return {"id": 0, "source": "HTTP_in", "output": self.on} | dimmed

    def _info(self) -> dict[str, Any]:
        model, app = ("SNDM-0013US", "PlusWallDimmer") if self.dims else ("SNSW-001X16EU", "Plus1")
        return {
            "name": "lamp", "id": REALM, "mac": MAC, "slot": 1, "model": model, "gen": 2, "fw_id": FIRMWARE,
            "ver": "1.14.0", "app": app, "auth_en": self.password is not None,
            "auth_domain": None if self.password is None else REALM,
        }  # fmt: skip

    async def upgraded(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve calls over a WebSocket, and tell changes there."""
        talk = ServerProtocol()
        talk.receive_data(head)
        (request,) = talk.events_received()
        assert isinstance(request, Request)
        talk.send_response(talk.accept(request))
        self._listeners.append(talk)
        self._writers.append(writer)
        self._flush()
        while data := await reader.read(65536):
            talk.receive_data(data)
            for event in talk.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    talk.send_text(json.dumps(self._called(json.loads(bytes(event.data)))).encode())
            self._flush()

    def _called(self, frame: dict[str, Any]) -> dict[str, Any]:
        reply = {"id": frame["id"], "src": REALM, "dst": frame["src"]}
        try:
            return reply | {"result": self.call(frame["method"], frame.get("params") or {})}
        except Refused as refused:
            return reply | {"error": {"code": refused.status, "message": f"No handler for {frame['method']}"}}

    def _tell(self, notice: dict[str, Any]) -> None:
        for talk in self._listeners:
            talk.send_text(json.dumps({"src": REALM, "dst": "all"} | notice).encode())
        self._flush()

    def _flush(self) -> None:
        for talk, writer in zip(self._listeners, self._writers, strict=True):
            for data in talk.data_to_send():
                if data and not writer.is_closing():
                    writer.write(data)
