"""Take sets by a trigger line and in bursts, with all that can go wrong, and judge every frame.

`python tests/endurance/set_triggers.py --rounds 500` prints what was done and found. Each round is a set of three
lights. Two judges know nothing of lines: the picture must show the light of its step and no other, and the
simulator knows the checksum of every file that it made.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.patience import stretched
from support.rig_world import LIGHTS, World, open_world

RIG = """
driver = "simulated"
[lights]
light_left = { direction = [-1, 0, 1] }
light_right = { direction = [1, 0, 1] }
lights_top = { direction = [0, 0, 1] }
[triggers.line]
cameras = ["canon-eos-1300d-087000000001"]
full_press = 5
sync = 6
deadline_s = 3
"""
HAPPENS: dict[str, dict[str, float]] = {
    "burst": {"nothing": 0.5, "file lost": 0.1, "sync missed": 0.1, "hurry": 0.1, "press missed": 0.05, "late": 0.15},
    "line": {"nothing": 0.5, "file lost": 0.1, "double": 0.15, "press missed": 0.1, "late": 0.15},
}
QUIRKS = {
    "file lost": "files_lost_at",
    "sync missed": "sync_misses_at",
    "hurry": "hurries_at",
    "double": "line_doubles",
    "press missed": "line_drops",
}
Picture = NDArray[np.float64]


@dataclass
class Found:
    """What the rounds gave."""

    did: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    """Frames by what released the camera."""
    seconds: list[float] = field(default_factory=list)
    late_files: int = 0
    problems: list[str] = field(default_factory=list)


async def rounds(folder: Path, count: int, seed: int) -> Found:
    """Take so many sets and judge them."""
    found, dice = Found(), random.Random(seed)
    late: list[tuple[str, Path]] = []
    rig_file = folder / "rig.toml"
    rig_file.write_text(RIG)
    size = ("--width", "240", "--height", "160")
    async with open_world(folder, *size, rig_file=rig_file, download_body_captures=False) as world:
        camera = world.rig.cameras.open[0]
        await camera.set_config("capturetarget", "Memory card")
        await world.simulator.control("set_format", format="RAW+JPEG")
        await world.simulator.control("quirks", burst_fps=6)
        truth = {step["light"]: _picture(step["paths"]) for step in await _taken(world, None)}
        for number in range(1, count + 1):
            kind = dice.choice(list(HAPPENS))
            happens = dice.choices(list(HAPPENS[kind]), list(HAPPENS[kind].values()))[0]
            name = f"round {number} ({kind}, {happens})"
            found.did[f"{kind}, {happens}"] += 1
            began = time.perf_counter()
            try:
                steps = await _round(world, kind, happens, dice)
            except Exception as error:  # noqa: BLE001 - what is judged
                found.problems.append(f"{name}: {type(error).__name__}: {error}")
                continue
            found.seconds.append(time.perf_counter() - began)
            found.taken.update(str(step["trigger"]) for step in steps)
            problems = await _judged(world, steps, truth, whole=happens != "late")
            if lit := await world.lit():
                problems.append(f"{lit} burn on")
            if happens == "late":
                late.append((name, steps[0]["folder"]))
            found.problems += [f"{name}: {one}" for one in problems]
            for one in problems:
                print(f"{name}: {one}", file=sys.stderr, flush=True)
            if number % 25 == 0:
                print(f"{number} rounds, {len(found.problems)} problems", file=sys.stderr, flush=True)
        for name, set_folder in late:
            found.problems += [f"{name}: {one}" for one in await _late(set_folder, truth, found)]
    return found


async def _round(world: World, kind: str, happens: str, dice: random.Random) -> list[dict[str, Any]]:
    quirks: dict[str, float] = {}
    if happens == "late":
        quirks["second_file_s"] = dice.uniform(2.0, 3.0)
    elif happens in QUIRKS:
        quirks[QUIRKS[happens]] = 1 if happens in {"double", "press missed"} else dice.randint(1, len(LIGHTS))
    await world.simulator.control("quirks", **quirks)
    try:
        return await _taken(world, kind)
    finally:
        await world.simulator.control(
            "quirks", second_file_s=0, files_lost_at=0, sync_misses_at=0, hurries_at=0, line_doubles=0, line_drops=0
        )


async def _taken(world: World, trigger: str | None) -> list[dict[str, Any]]:
    result = await (await world.start(*LIGHTS, trigger=trigger)).result()
    return _steps(world.rig.settings.captures_base_dir / result.set_folder)


def _steps(folder: Path) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())["steps"]
    return [
        {**step, "folder": folder, "paths": [folder / file["filename"] for file in step["files"]]} for step in steps
    ]


def _picture(paths: list[Path]) -> Picture:
    """Read the JPEG of a step, small, so that its noise does not count."""
    (path,) = [one for one in paths if one.suffix == ".jpg"]
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((24, 16), Image.Resampling.BOX), dtype=float)


async def _judged(world: World, steps: list[dict[str, Any]], truth: dict[str, Picture], *, whole: bool) -> list[str]:
    """Say what is wrong with the frames of a set."""
    made = (await world.simulator.control("exposures"))["exposures"]
    problems, used = [], set()
    for step in steps:
        light, paths = step["light"], step["paths"]
        sums = [zlib.crc32(path.read_bytes()) for path in paths]
        own = [number for number, one in enumerate(made) if set(sums) <= set(one["files"].values())]
        if not sums or len(own) != 1 or own[0] in used:
            problems.append(f"the files of {light} are not those of one exposure, or of another step's")
        used.update(own)
        if whole and len(paths) != 2:
            problems.append(f"{light} has {len(paths)} files")
        if any(path.suffix == ".jpg" for path in paths):
            seen = _picture(paths)
            shown = min(truth, key=lambda one: float(np.abs(truth[one] - seen).mean()))
            if shown != light:
                problems.append(f"the frame of {light} shows {shown}")
    return problems


async def _late(folder: Path, truth: dict[str, Picture], found: Found) -> list[str]:
    """Say what is wrong with files that came late, mostly in the midst of a later set."""
    give_up = time.monotonic() + stretched(20)
    while lacking := [step["light"] for step in _steps(folder) if len(step["paths"]) < 2]:
        if time.monotonic() > give_up:
            return [f"{light} did not get its late file" for light in lacking]
        await asyncio.sleep(0.2)
    steps = _steps(folder)
    found.late_files += len(steps)
    problems = []
    for step in steps:
        seen = _picture(step["paths"])
        shown = min(truth, key=lambda one: float(np.abs(truth[one] - seen).mean()))
        if shown != step["light"]:
            problems.append(f"the late frame of {step['light']} shows {shown}")
        if len({file["camera_name"].rpartition(".")[0] for file in step["files"]}) != 1:
            problems.append(f"the files of {step['light']} are of two exposures")
    return problems


def main() -> int:
    """Run the rounds and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="set-triggers-") as folder, contextlib.chdir(folder):
        found = asyncio.run(rounds(Path(folder), arguments.rounds, arguments.seed))
    print(", ".join(f"{count} x {what}" for what, count in sorted(found.did.items())))
    print("frames by " + ", ".join(f"{what}: {count}" for what, count in sorted(found.taken.items())))
    print(f"steps whose late file was told with its exposure: {found.late_files}")
    print(f"a set takes {sorted(found.seconds)[len(found.seconds) // 2]:.2f} s (median)")
    print(f"{len(found.problems)} problems in {arguments.rounds} rounds")
    print("\n".join(found.problems))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
