"""Fire two simulated bodies by their lines, with drops, doubles and late files, and judge every frame.

`python tests/endurance/triggers.py --rounds 500` prints what was done and found. The simulator is the judge: it knows
which event on a line made which exposure, when its shutter opened, and the checksums of its files.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.patience import stretched
from support.rig_world import World, open_world
from tetherlight.errors import CaptureIncomplete
from tetherlight.protocol.together import CaptureAllResult

NAMES = {"canon-eos-1300d-087000000001": "camera1", "canon-eos-1300d-087000000002": "camera2"}
RIG = "\n".join(
    f"[triggers.{name}]\ncameras = ['{camera_id}']\nfull_press = {pin}\ndeadline_s = 5"
    for pin, (camera_id, name) in enumerate(NAMES.items(), 5)
)
HAPPENS: dict[str, float] = {"nothing": 0.6, "drop": 0.05, "double": 0.15, "late": 0.2}
APART_MS = 1.0
Happens = Literal["nothing", "drop", "double", "late"]


@dataclass
class Found:
    """What the rounds gave."""

    did: Counter[str] = field(default_factory=Counter)
    apart_ms: list[float] = field(default_factory=list)
    skews_ms: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    late_files: int = 0
    problems: list[str] = field(default_factory=list)


async def rounds(folder: Path, count: int, seed: int) -> Found:
    """Take so many exposures and judge them."""
    found, dice = Found(), random.Random(seed)
    late: list[tuple[int, CaptureAllResult, str]] = []
    rig_file = folder / "rig.toml"
    rig_file.write_text(RIG)
    async with open_world(folder, "--cameras", "2", select=False, rig_file=rig_file) as world:
        await world.rig.cameras.look()
        for camera_id, name in NAMES.items():
            await world.rig.cameras.select(None, None, camera_id)
            await world.rig.cameras.camera(camera_id).set_config("capturetarget", "Memory card")
            await world.simulator.control("set_format", camera=name, format="RAW+JPEG")
        for number in range(1, count + 1):
            happens = dice.choices(list(HAPPENS), list(HAPPENS.values()))[0]
            struck = dice.choice(list(NAMES))
            found.did[happens] += 1
            began = time.perf_counter()
            result = await _round(world, happens, struck, dice)
            found.seconds.append(time.perf_counter() - began)
            problems = await _judge(world, number, result, struck if happens == "drop" else None, found)
            if happens == "late":
                late.append((number, result, struck))
            found.problems += [f"round {number} ({happens} on {NAMES[struck]}): {one}" for one in problems]
            if number % 50 == 0:
                print(f"{number} rounds, {len(found.problems)} problems", file=sys.stderr, flush=True)
        for number, result, struck in late:
            problems = await _late(world, number, result, struck, found)
            found.problems += [f"round {number} (late on {NAMES[struck]}): {one}" for one in problems]
    return found


async def _round(world: World, happens: str, struck: str, dice: random.Random) -> CaptureAllResult:
    late = dice.uniform(2.0, 3.0) if happens == "late" else 0.0
    quirks = {"line_drops": int(happens == "drop"), "line_doubles": int(happens == "double"), "second_file_s": late}
    await world.simulator.control("quirks", camera=NAMES[struck], **quirks)
    try:
        turns = await world.rig.cameras.turns()
        return await world.rig.together.capture(turns, trigger="line", download=True)
    except CaptureIncomplete as error:
        result: CaptureAllResult = error.data
        return result
    finally:
        await world.simulator.control("quirks", camera=NAMES[struck], second_file_s=0)


async def _judge(world: World, number: int, result: CaptureAllResult, dropped: str | None, found: Found) -> list[str]:
    """Say what is wrong with the frames of a round: each must be what its body took at this event on its line."""
    problems, opened = [], {}
    for frame in result.frames:
        made = await _made(world, frame.camera_id, number)
        if made is None or frame.error is not None:
            if not (made is None and frame.error is not None and frame.camera_id == dropped):
                problems.append(f"{frame.camera_id} took {made} and was told as {frame.error!r}")
            continue
        opened[frame.camera_id] = made["opened_s"]
        problems += _foreign(world, frame.camera_id, [file.path for file in frame.files], made)
    if len(opened) == len(NAMES):
        first, second = opened.values()
        found.apart_ms.append(1000 * abs(first - second))
        found.skews_ms.append(result.skew_ms)
        if found.apart_ms[-1] > APART_MS:
            problems.append(f"the shutters opened {found.apart_ms[-1]:.3f} ms apart")
    return problems


async def _late(world: World, number: int, result: CaptureAllResult, struck: str, found: Found) -> list[str]:
    """Say what is wrong with the file that came late, mostly in the midst of a later round."""
    (before,) = [frame for frame in result.frames if frame.camera_id == struck]
    told: dict[str, Any] = {}

    def whole(one: CaptureAllResult) -> bool:
        told.update({frame.camera_id: frame for frame in one.frames})
        return one.exposure_id == result.exposure_id and len(told[struck].files) == 2

    if len(before.files) != 1:
        return [f"{struck} had {len(before.files)} files and not its first alone"]
    try:
        async with asyncio.timeout(stretched(20)):
            await world.hearing.wait("frames_changed", whole)
    except TimeoutError:
        return [f"the late file of {struck} was not told with its exposure"]
    found.late_files += 1
    made = await _made(world, struck, number)
    return _foreign(world, struck, [file.path for file in told[struck].files], made or {"files": {}})


async def _made(world: World, camera_id: str, number: int) -> dict[str, Any] | None:
    made = (await world.simulator.control("exposures", camera=NAMES[camera_id]))["exposures"]
    return next((one for one in made if one["line"] == number), None)


def _foreign(world: World, camera_id: str, paths: list[str], made: dict[str, Any]) -> list[str]:
    base = world.rig.settings.captures_base_dir
    own = set(made["files"].values())
    return [
        f"{path} of {camera_id} is of another exposure"
        for path in paths
        if zlib.crc32((base.parent / path if not Path(path).is_absolute() else Path(path)).read_bytes()) not in own
    ]


def main() -> int:
    """Run the rounds and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="triggers-") as folder, contextlib.chdir(folder):
        found = asyncio.run(rounds(Path(folder), arguments.rounds, arguments.seed))
    print(", ".join(f"{count} x {what}" for what, count in found.did.items()))
    print(f"late files told with their exposure: {found.late_files}")
    for what, figures in (("opened apart", found.apart_ms), ("skew reported", found.skews_ms)):
        ordered = sorted(figures)
        print(f"{what}: median {ordered[len(ordered) // 2]:.4f} ms, most {ordered[-1]:.4f} ms, {len(ordered)} rounds")
    print(f"a round takes {sorted(found.seconds)[len(found.seconds) // 2]:.2f} s (median)")
    print(f"{len(found.problems)} problems in {arguments.rounds} rounds")
    print("\n".join(found.problems))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
