"""Every shell block of the README, the tutorials and the how-tos runs as it stands there.

What changes a machine is played on a folder that stands for a plain Debian (`support/plain_debian.py`), and make is
asked only what it would do; `make test-fresh` types the same lines of the tutorials, the README and the page on
installing on a Debian that was just installed. The commands of Tetherlight run on a simulated rig. `NOT_RUN` lists the
blocks that cannot run in a test, each with the reason.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

import fresh_pages
from shell_blocks import STARTED, STAYS, asking, blocks, shape
from support import plain_debian
from support.image_sets import Bump, Floats, dome, save
from support.patience import stretched
from support.program import STRICT
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.store_world import jpeg
from tetherlight.naming.templates import DEFAULT_TEMPLATES
from tetherlight.pixels.png import write_png
from tetherlight.protocol.manifest import FileRecord, Manifest, StepRecord
from tetherlight.store.manifest import write_manifest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/tutorials/*.md")),
         *sorted(ROOT.glob("docs/how-to/*.md")), *sorted(ROOT.glob("docs/explanations/*.md"))]  # fmt: skip
FRESH = "It needs a machine of its own, or a package index: make test-fresh."
NOT_RUN = {
    "pip install .  ": FRESH,
    "make deb ": FRESH,
    "sudo .venv/bin/tetherlight setup": FRESH,
    "uv tool install": FRESH,
    "pip install --require-hashes": FRESH,
    "tetherlight setup --service": "It changes the machine that it runs on: test_setup.py.",
    "mosquitto_pub": "It needs a broker: test_mqtt.py.",
    "tetherlight discover": "It asks the whole network: test_mdns.py.",
    "podman build": "It needs a registry of images, and rights that a test does not have.",
    "tetherlight calibrate FOLDER": "It needs images of a mirror sphere: test_cli_calibrate.py.",
    "tetherlight hooks test copy": "It needs a program to run: test_hooks.py.",
    "tetherlight objects scan": "It needs a code before the camera: test_objects.py.",
    "tetherlight jobs resume job-1 --focus here": "It needs a stack whose lens nobody can place: test_focus_stack.py.",
}
"""What stands in the first line of a block that no test can run, and why."""
OTHERWISE = {"192.168.1.": "127.0.1.", "--host 0.0.0.0": "--host 127.0.0.1", "--bulb 90": "--bulb 1"}
"""What a test must neither reach nor wait for."""
SMALL = " --width 300 --height 200"
RUN_S = 120.0
TRIGGERS = """
[triggers.body]
cameras = ["canon-eos-1300d-087000000001"]
full_press = 40
sync = 41
"""
"""The rig file of the server; its lights are the default ones."""
HOME = "/home/me"
"""Where the pages say that they are."""


BLOCKS = [block for page in PAGES for block in blocks(page)]


@dataclass(frozen=True)
class Rig:
    """What is asked: a server, and four bodies that misbehave when they are told to."""

    server: ServerProcess
    temporary: Path
    control: Path


@dataclass(frozen=True)
class Place:
    """Where the blocks of a page run: a checkout, a machine, and a rig."""

    checkout: Path
    programs: Path
    rig: Rig

    async def run(self, command: str) -> str:
        """Run one line in a shell and return what it prints; fail where it fails."""
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", command, cwd=self.checkout, env=self._environment(command),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        try:
            if STAYS.search(command):
                return await asyncio.wait_for(self._started_and_ended(process), stretched(RUN_S))
            printed, complaints = await asyncio.wait_for(process.communicate(), stretched(RUN_S))
            assert process.returncode == 0, f"$ {command}\n{complaints.decode()}"
            return printed.decode()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _started_and_ended(self, process: asyncio.subprocess.Process) -> str:
        """Wait until a program has told where it is, and end it as Ctrl-C does."""
        assert process.stdout is not None
        assert process.stderr is not None
        told = ""
        while not STARTED.search(told):
            line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
            told += line.decode()
        os.killpg(process.pid, signal.SIGINT)
        _, complaints = await process.communicate()
        assert process.returncode in {0, 130}, complaints.decode()
        return told

    def _environment(self, command: str) -> dict[str, str]:
        return {
            "PATH": f"{self.programs}:{Path(sys.executable).parent}:{os.defpath}:/usr/bin:/bin",
            "HOME": str(self.checkout),
            "USER": "photographer",
            # What stays makes a socket there, whose name must be short; what asks looks for the one of the rig.
            "TMPDIR": tempfile.gettempdir() if STAYS.search(command) else str(self.rig.temporary),
            "PLAIN_DEBIAN": str(self.programs.parent),
            "TETHERLIGHT_SERVER": self.rig.server.url,
            "SIMULATOR_CONTROL": str(self.rig.control),
            "LANG": "C.UTF-8",
            "MIN_FREE_BYTES": "0",
            "PIP_TARGET": str(self.rig.temporary / "site"),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **(STRICT if "pip" not in command else {}),
        }

    def line(self, command: str) -> str:
        """Return a command with what a test must do otherwise: ports and addresses that are free, small pictures."""
        if re.search(r"tetherlight simulate\b", command) or "--simulate" in command:
            command += SMALL
        if re.search(r"tetherlight serve\b", command):
            command += " --port 0"
        for there, here in OTHERWISE.items():
            command = command.replace(there, here)
        return asking(command, f"127.0.0.1:{self.rig.server.port}")


def _checkout(folder: Path) -> Path:
    """Make a folder as somebody has it who has followed the pages: a checkout, two sets, and a normal map."""
    for name in ("deploy", "docs", "scripts", "Makefile", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    sets, bump = folder / "captures" / "photometric_sets", Bump()
    lit = [(light, bump.lit(light)) for light in dome(9)]
    _set(sets / "vase_20261122-154233", [(*one, {}) for one in lit])
    _set(sets / "beetle_20261122-154233", [(*one, {"focus": place}) for place in range(2) for one in lit[:2]])
    write_png(folder / "normals.png", np.rint((bump.normals + 1) / 2 * 65535).astype(np.uint16))
    Image.new("L", bump.normals.shape[1::-1], 255).save(folder / "mask.png")
    (folder / "K.txt").write_text("500 0 32\n0 500 24\n0 0 1\n")
    return folder


def _set(folder: Path, images: Sequence[tuple[Floats, Floats, dict[str, int]]]) -> None:
    """Write a set of pictures, each with its light and with where it is on other axes."""
    folder.mkdir(parents=True)
    lights: dict[tuple[float, ...], str] = {}
    steps = []
    for index, (direction, picture, at) in enumerate(images, 1):
        light = lights.setdefault(tuple(direction), f"light{len(lights) + 1}")
        name = f"image_{index:02}_{light}.jpg"
        save(folder / name, picture)
        record = FileRecord(filename=name, size=1, sha256="", mimetype="image/jpeg")
        towards = (direction[0], direction[1], direction[2])
        where = {"light": light, **at} if at else {}
        steps.append(StepRecord(index=index, light=light, at=where, state="done", direction=towards, files=(record,)))
    write_manifest(folder, Manifest(steps=tuple(steps)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "captures").mkdir()
    (folder / "captures" / "image_X.jpg").write_bytes(jpeg(40, 30))
    (folder / "rig.toml").write_text(TRIGGERS)
    # The name of a socket is short.
    temporary = Path(tempfile.mkdtemp(prefix="docs-"))
    (temporary / "tetherlight-simulator-x").mkdir()
    control = temporary / "tetherlight-simulator-x" / "control.sock"
    bodies = ("--cameras", "4", "--vendor", "canon,nikon,sony,generic", "--depth-of-field", "--control", str(control))
    try:
        async with (
            SimulatorProcess(*bodies, width=300, height=200),
            ServerProcess(folder, "--simulate", "--width", "300", "--height", "200") as server,
        ):
            yield Rig(server, temporary, control)
    finally:
        shutil.rmtree(temporary)


@pytest_asyncio.fixture(loop_scope="module")
async def place(rig: Rig, tmp_path: Path) -> AsyncIterator[Place]:
    programs = plain_debian.prepare(tmp_path / "machine")
    yield Place(_checkout(Path(tempfile.mkdtemp(dir=rig.temporary))), programs, rig)
    async with rig.server.client() as client:
        await client.do("SET_NAMING", {"capture": DEFAULT_TEMPLATES.capture.text, "set": DEFAULT_TEMPLATES.set.text})


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "document", sorted({block.page for block in BLOCKS}), ids=lambda document: str(document.relative_to(ROOT))
)
async def test_the_blocks_of_a_page_run(place: Place, document: Path) -> None:
    """One after the other, on a machine that nobody has prepared: each command ends well and prints what is said."""
    for block in BLOCKS:
        for command, said in block.commands if block.page == document and not block.reason(NOT_RUN) else ():
            printed = (await place.run(place.line(command))).replace(str(place.checkout), HOME)
            assert '"ok": false' not in printed, f"$ {command}\n{printed}"
            if said and not command.startswith("make "):
                assert shape(printed, said) == shape("\n".join(said), said)


def test_every_block_runs_or_has_a_reason() -> None:
    """There are blocks, those that are left out are few, and none is left out that is not there any more."""
    assert len(BLOCKS) > 25
    left_out = [one for one in BLOCKS if one.reason(NOT_RUN) is not None]
    assert len(left_out) == len(NOT_RUN)
    assert all(block.commands for block in BLOCKS)


def test_what_only_a_fresh_machine_can_run_is_run_there() -> None:
    """Out of the same pages: every tutorial, and whatever is left out here for that reason."""
    for block in BLOCKS:
        if block.page.parent.name == "tutorials" or block.reason(NOT_RUN) == FRESH:
            assert str(block.page.relative_to(ROOT)) in fresh_pages.PAGES
            assert block.reason(fresh_pages.LEFT_OUT) is None
    left_out = [one for page in fresh_pages.PAGES for one in blocks(ROOT / page) if one.reason(fresh_pages.LEFT_OUT)]
    assert len(left_out) == len(fresh_pages.LEFT_OUT)


def test_nothing_in_a_tutorial_is_left_out() -> None:
    """Who learns by doing types every line."""
    tutorials = [one for one in BLOCKS if one.page.parent.name == "tutorials"]
    assert [one.commands[0] for one in tutorials if one.reason(NOT_RUN) is not None] == []
    assert {one.page.stem for one in tutorials} == {page.stem for page in ROOT.glob("docs/tutorials/*.md")}
