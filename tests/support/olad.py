"""OLA's daemon, a real receiver of Art-Net and sACN, in a network of its own beside this machine's."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest

from support.patience import stretched
from support.turns import until_found

OLAD = shutil.which("olad")
needs_olad = pytest.mark.skipif(
    OLAD is None or os.geteuid() != 0, reason="needs OLA and a network of its own: apt-get install ola, as root"
)
OURS, THEIRS = "10.77.3.1", "10.77.3.2"
SPACE, NEAR, FAR = "tetherlight-ends", "tlends0", "tlends1"
INSIDE = ("ip", "netns", "exec", SPACE)
HTTP = f"http://{THEIRS}:19090"


class Olad:
    """Run it while the context lasts; `artnet` and `sacn` are universes that it receives."""

    artnet, sacn = 1, 4

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._http = httpx.AsyncClient(base_url=HTTP, trust_env=False, timeout=stretched(10))

    async def look(self, universe: int) -> list[int]:
        """Give what is received in a universe."""
        told = (await self._http.get("/get_dmx", params={"u": universe})).json()
        return [int(value) for value in told["dmx"]]

    async def until(self, universe: int, start: list[int]) -> None:
        """Wait until a universe begins so."""

        async def begins() -> bool:
            return (await self.look(universe))[: len(start)] == start

        await until_found(begins, 30)

    async def __aenter__(self) -> Self:
        network(wanted=True)
        shutil.chown(self._folder, "olad")
        await self._start()
        await self._stop()
        for file in self._folder.glob("ola-*.conf"):
            text = file.read_text()
            if file.stem not in {"ola-artnet", "ola-e131", "ola-dummy", "ola-server"}:
                text = text.replace("enabled = true", "enabled = false")
            file.write_text(text.replace("ip = \n", f"ip = {THEIRS}\n"))
        await self._start()
        ports = {port["device"][:5]: port["id"] for port in await self._ports() if not port["is_output"]}
        for universe, device in ((self.artnet, "ArtNe"), (self.sacn, "E1.31")):
            data = {"id": str(universe), "name": str(universe), "add_ports": ports[device]}
            (await self._http.post("/new_universe", data=data)).raise_for_status()
        return self

    async def _ports(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = (await self._http.get("/json/get_ports")).json()
        return found

    async def _start(self) -> None:
        command = f"exec setpriv --reuid=olad --regid=nogroup --clear-groups {OLAD} -c {self._folder} -i lo -p 19090"
        self._process = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", SPACE, "sh", "-c", f"{command} -r 19010 --no-register-with-dns-sd -l 1",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await until_found(self._answers, 30)

    async def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            await self._ports()
            return True
        return False

    async def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), stretched(30))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()
        await self._stop()
        network(wanted=False)


def network(*, wanted: bool) -> None:
    """Make the network of two ends, or take it away."""
    subprocess.run(["ip", "netns", "del", SPACE], check=False, capture_output=True)
    subprocess.run(["ip", "link", "del", NEAR], check=False, capture_output=True)
    inside = f"ip netns exec {SPACE}"
    lines = [
        f"ip netns add {SPACE}",
        f"ip link add {NEAR} type veth peer name {FAR}",
        f"ip link set {FAR} netns {SPACE}",
        f"ip addr add {OURS}/24 dev {NEAR}",
        f"ip link set {NEAR} up",
        f"{inside} ip addr add {THEIRS}/24 dev {FAR}",
        f"{inside} ip link set {FAR} up",
        f"{inside} ip link set lo up",
        f"{inside} ip route add 239.0.0.0/8 dev {FAR}",
        f"ip route replace 239.255.0.0/16 dev {NEAR}",
    ]
    for line in lines if wanted else []:
        subprocess.run(line.split(), check=True)


def cut(end: str) -> None:
    """Cut the network at our end or at theirs."""
    ours, theirs = ["ip", "link", "set", NEAR, "down"], [*INSIDE, "ip", "link", "set", FAR, "down"]
    subprocess.run(ours if end == "ours" else theirs, check=True)


def join() -> None:
    """Make it whole again, wherever it was cut."""
    subprocess.run(["ip", "link", "set", NEAR, "up"], check=True)
    subprocess.run([*INSIDE, "ip", "link", "set", FAR, "up"], check=True)
