"""Kill the server at random moments and look at what is left on the disk.

`python tests/endurance/crash.py --rounds 200` prints what was done and found; the suite runs ten rounds.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.patience import stretched
from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from support.turns import until
from support.wire_client import WireClient

LIGHTS = ("light_left", "light_right", "light_front", "lights_top")
LONGEST_LIFE_S = 1.5
"""Counted from the open camera, on a quiet machine; on a busy one as much longer as everything takes."""
LATE_SHARE = 0.8
"""Of the rounds in which the server lives at least until its camera is open, however slow the machine is."""


@dataclass
class Promises:
    """What the server acknowledged and must hold for ever."""

    images: dict[str, str] = field(default_factory=dict)
    """sha256 by path relative to the working folder."""
    deleted: set[str] = field(default_factory=set)
    """Names of sets whose deletion was acknowledged."""
    doubtful: set[str] = field(default_factory=set)
    """Names of sets whose deletion was asked for and not acknowledged."""
    removed: set[str] = field(default_factory=set)
    """Paths of single captures whose deletion was acknowledged."""
    unsure: set[str] = field(default_factory=set)
    """Paths of single captures that are deleted and brought back, perhaps not to the end."""
    done: Counter[str] = field(default_factory=Counter)


class CrashTest:
    """One captures folder that many servers work in, one after the other, each killed in the middle."""

    def __init__(self, folder: Path, simulator: SimulatorProcess, seed: int) -> None:
        self.folder = folder
        self.simulator = simulator
        self.random = random.Random(seed)
        self.promises = Promises()

    @property
    def sets_dir(self) -> Path:
        """The folder of the sets."""
        return self.folder / "captures" / "photometric_sets"

    async def round(self) -> None:
        """Run a server for a random while, kill it, and check the disk before and after the next start."""
        server = ServerProcess(self.folder, environment=self.simulator.settings | {"LOG_LEVEL": "WARNING"})
        await server.start()
        self.check_after_start()
        selected = asyncio.Event()
        work = asyncio.create_task(self.work(server, selected))
        if self.random.random() < LATE_SHARE:
            waiting = asyncio.create_task(selected.wait())
            await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        await asyncio.wait([work], timeout=stretched(self.random.uniform(0.05, LONGEST_LIFE_S)))
        # It goes on for ever while the server lives, but for an answer that never came, or one that should not have.
        early = work.done()
        os.kill(server.pid, signal.SIGKILL)
        assert server.process is not None
        await server.process.wait()
        work.cancel()
        (outcome,) = await asyncio.gather(work, return_exceptions=True)
        if isinstance(outcome, AssertionError) or (early and isinstance(outcome, Exception)):
            raise outcome
        assert not early
        await wait_for_orphans(server.pid)
        self.promises.done["kills"] += 1
        self.check_disk()

    async def work(self, server: ServerProcess, selected: asyncio.Event) -> None:
        """Ask for captures, sets and deletions until the server dies; remember what it acknowledged."""
        async with server.client() as client:
            await client.do("SELECT_CAMERA")
            selected.set()
            while True:
                kinds = ("capture", "set", "delete", "annotate", "rate", "remove", "undo")
                choice = self.random.choices(kinds, (4, 4, 2, 2, 2, 2, 1))[0]
                await getattr(self, choice)(client)
                self.promises.done[choice] += 1

    async def capture(self, client: WireClient) -> None:
        """Take a picture."""
        for image in (await client.do("CAPTURE_IMAGE"))["files"]:
            self.promises.images[image["path"]] = image["sha256"]

    async def set(self, client: WireClient) -> None:
        """Take a set of a few lights; with its end each of its images is acknowledged."""
        lights = self.random.sample(LIGHTS, self.random.randint(1, 3))
        done = await client.do("CAPTURE_PHOTOMETRIC_SET", {"light_sequence": lights, "set_name_prefix": "crash"})
        name = Path(done["set_folder"]).name
        for image in await client.do("GET_IMAGE_SET_CONTENTS", {"set_name": name}):
            path = self.folder / image["path"]
            self.promises.images[image["path"]] = sha256(path)

    async def delete(self, client: WireClient) -> None:
        """Delete one of the sets."""
        names = [one["name"] for one in await client.do("LIST_IMAGE_SETS")]
        if names:
            name = self.random.choice(names)
            self.promises.doubtful.add(name)
            await client.do("DELETE_IMAGE_SET", {"set_name": name})
            self.promises.deleted.add(name)

    async def annotate(self, client: WireClient) -> None:
        """Write into a manifest."""
        names = [one["name"] for one in await client.do("LIST_IMAGE_SETS")]
        if names:
            await client.do("ANNOTATE_IMAGE_SET", {"set_name": self.random.choice(names), "rating": 3})

    async def rate(self, client: WireClient) -> None:
        """Write into the sidecar of a single capture."""
        if path := await self.any_capture(client):
            await client.do("ANNOTATE_IMAGE", {"image_path": path, "rating": 3, "notes": "x" * 4000})

    async def remove(self, client: WireClient) -> None:
        """Delete a single capture."""
        if path := await self.any_capture(client):
            self.promises.unsure.add(path)
            await client.do("DELETE_IMAGE", {"image_path": path})
            self.promises.removed.add(path)
            self.promises.unsure.discard(path)

    async def undo(self, client: WireClient) -> None:
        """Bring a single capture back."""
        if self.promises.removed:
            path = self.random.choice(sorted(self.promises.removed))
            self.promises.removed.discard(path)
            self.promises.unsure.add(path)
            await client.do("RESTORE_IMAGE", {"image_path": path})
            self.promises.unsure.discard(path)

    async def any_capture(self, client: WireClient) -> str | None:
        """Choose one of the newest single captures."""
        paths = [one["path"] for one in await client.do("LIST_CAPTURES", {"limit": 20})]
        return self.random.choice(paths) if paths else None

    def check_disk(self) -> None:
        """Check that every promise is kept and nothing torn is visible."""
        for path in visible_images(self.folder / "captures"):
            content = path.read_bytes()
            assert content.startswith(b"\xff\xd8"), f"{path} is no JPEG"
            assert content.endswith(b"\xff\xd9"), f"{path} is torn"
        for name in self.promises.deleted:
            assert not (self.sets_dir / name).exists(), f"the deleted set {name} is back"
        for path_text, promised in self.promises.images.items():
            path = self.folder / path_text
            if path_text in self.promises.removed:
                assert not path.exists(), f"the deleted image {path} is back"
            if path_text in self.promises.removed | self.promises.unsure:
                assert promised in {sha256(place) for place in self.places_of(path)}, f"{path} is lost"
            elif path.parent.name not in self.promises.deleted | self.promises.doubtful:
                assert sha256(path) == promised, f"{path} is not what was acknowledged"
        for sidecar in (self.folder / "captures").glob("*.xmp"):
            assert ET.parse(sidecar).getroot().tag.endswith("xmpmeta"), f"{sidecar} is torn"  # noqa: S314
        for folder in (*self.sets_dir.glob("*"), *self.sets_dir.glob(".trash/*/*")):
            if folder.name != ".trash":
                self.check_set(folder)

    def places_of(self, path: Path) -> list[Path]:
        """Return where a single capture may lie that was deleted or brought back: in its place or in the trash."""
        return [*path.parent.glob(f".trash_captures/*/*/{path.name}"), *([path] if path.exists() else [])]

    def check_set(self, folder: Path) -> None:
        """Check that a set's manifest can be read and that all it tells of is there, also in the trash."""
        manifest = folder / "manifest.json"
        if not manifest.exists():
            assert list(visible_images(folder)) == [], f"{folder} has images and no manifest"
            return
        told: dict[str, Any] = json.loads(manifest.read_text())
        for step in told["steps"]:
            for file in step["files"]:
                assert sha256(folder / file["filename"]) == file["sha256"], f"{folder}/{file['filename']} differs"
            assert (step["state"] == "done") == bool(step["files"]), f"{folder}: step {step['index']} does not fit"

    def check_after_start(self) -> None:
        """Check that a start cleaned up: no leftovers, and no set that seems to be running."""
        left = [path for path in (self.folder / "captures").rglob(".*.part*") if ".thumbnails" not in path.parts]
        left += (self.folder / "captures").glob(".*.tmp")
        left += (self.folder / "captures").glob(".trash_captures/.moving-*")
        assert left == [], f"leftovers after a start: {left}"
        for manifest in self.sets_dir.glob("*/manifest.json"):
            assert json.loads(manifest.read_text())["status"] != "running", manifest


def sha256(path: Path) -> str:
    """Return the checksum of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def visible_images(folder: Path) -> list[Path]:
    """Return all images below a folder that no hidden name leads to."""
    return [
        path
        for path in folder.rglob("*.jpg")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


async def wait_for_orphans(parent: int) -> None:
    """Wait until the workers of a killed server are gone, as the kernel promised."""
    await until(lambda: not workers_of(parent), 10)


def workers_of(parent: int) -> list[int]:
    """Return the camera processes that were started for this server; each has its parent's id as last argument."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.startswith(b"tetherlight.camera.") for word in words) and str(parent).encode() in words:
                found.append(int(entry.name))
    return found


async def crash(folder: Path, rounds: int, seed: int) -> Promises:
    """Run so many rounds and return what was promised, all of it kept; fail where that was nothing."""
    async with SimulatorProcess() as simulator:
        test = CrashTest(folder, simulator, seed)
        for _ in range(rounds):
            await test.round()
        last = ServerProcess(folder, environment=simulator.settings)
        async with last:
            test.check_after_start()
    assert test.promises.images, f"nothing was acknowledged between {rounds} kills, so nothing was found out"
    return test.promises


def main() -> None:
    """Run from the command line and print what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tetherlight-crash-") as folder:
        started = time.monotonic()
        promises = asyncio.run(crash(Path(folder), wanted.rounds, wanted.seed))
    done = ", ".join(f"{count} {name}" for name, count in sorted(promises.done.items()))
    print(f"seed {wanted.seed}: {done} in {time.monotonic() - started:.0f} s")
    held = len(promises.deleted) + len(promises.removed)
    print(f"{len(promises.images)} acknowledged images whole, {held} deletions held, 0 torn files")


if __name__ == "__main__":
    main()
