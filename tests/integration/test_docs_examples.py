"""The examples of the documentation run as they stand there, on a simulated rig."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from support.patience import stretched
from support.server_process import ServerProcess

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path_factory.mktemp("server"), "--simulate", "--width", "600") as process:
        yield process


def address(server: ServerProcess) -> str:
    return f"ws://127.0.0.1:{server.port}/ws"


async def run(server: ServerProcess, folder: Path, name: str, *arguments: str) -> str:
    """Run an example as its first line says and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / name), *arguments,
        cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complaints = await asyncio.wait_for(process.communicate(), stretched(150))
    assert process.returncode == 0, complaints.decode() + server.log.read_text()[-4000:]
    return printed.decode()


async def test_capture(server: ServerProcess, tmp_path: Path) -> None:
    """The first example changes a setting and leaves a picture on the server's disk."""
    printed = (await run(server, tmp_path, "capture.py", address(server))).splitlines()
    assert printed[0].startswith("Using Canon EOS")
    assert printed[1].endswith(" is 200.")
    picture = server.folder / printed[2].removeprefix("Saved ").removesuffix(".")
    assert picture.read_bytes().startswith(b"\xff\xd8")


async def test_liveview(server: ServerProcess, tmp_path: Path) -> None:
    """The frames that the example saves are JPEG files."""
    printed = (await run(server, tmp_path, "liveview.py", address(server), "3")).splitlines()
    frames = sorted(tmp_path.glob("frame_*.jpg"))
    assert len(printed) == len(frames) == 3
    assert all(frame.read_bytes().startswith(b"\xff\xd8") for frame in frames)


async def test_photometric_set(server: ServerProcess, tmp_path: Path) -> None:
    """The example tells every step and where the set is, and another one exports it."""
    printed = (await run(server, tmp_path, "photometric_set.py", address(server))).splitlines()
    assert "processing_light_1_of_3" in printed
    assert printed[-1].startswith("3 images in photometric_sets/example_")
    folder = server.folder / "captures" / printed[-1].removeprefix("3 images in ")
    assert len(list(folder.glob("image_*.jpg"))) == 3
    await run(server, tmp_path, "export_lp.py", str(folder))
    lines = (folder / "lights.lp").read_text().splitlines()
    assert lines[0] == "3"
    assert lines[1].startswith("image_01_light_left.jpg -0.7071")


async def test_five_lines(server: ServerProcess, tmp_path: Path) -> None:
    """The client needs no more for a picture in a folder here."""
    printed = (await run(server, tmp_path, "five_lines.py", server.url)).splitlines()
    assert printed[0].startswith("Canon EOS")
    assert (tmp_path / printed[1]).read_bytes().startswith(b"\xff\xd8")


async def test_notebook(server: ServerProcess, tmp_path: Path) -> None:
    """A connection that outlives a block, a frame as a picture and as numbers, and a manifest that is a model."""
    first, *steps = (await run(server, tmp_path, "notebook.py", server.url)).splitlines()
    width, height = re.fullmatch(r"\((\d+), (\d+)\) \((\d+), (\d+), 3\)", first).group(1, 2)  # type: ignore[union-attr]
    assert first == f"({width}, {height}) ({height}, {width}, 3)"
    assert [line.split()[:2] for line in steps] == [["1", "light_left"], ["2", "light_right"]]


async def test_follow_set(server: ServerProcess, tmp_path: Path) -> None:
    """Steps come as they happen, and the images arrive here."""
    printed = (await run(server, tmp_path, "follow_set.py", server.url)).splitlines()
    assert "processing_light_2_of_2" in printed
    assert [(tmp_path / path).is_file() for path in printed[-2:]] == [True, True]


async def test_series(server: ServerProcess, tmp_path: Path) -> None:
    """A bracket tells its values and arrives here."""
    printed = (await run(server, tmp_path, "series.py", server.url)).splitlines()
    assert "capturing 2 of 3 1/60" in [line.strip() for line in printed]
    assert [(tmp_path / path).is_file() for path in printed[-3:]] == [True, True, True]


async def test_all_cameras(server: ServerProcess, tmp_path: Path) -> None:
    """One exposure, with the frame of each camera."""
    first, *frames = (await run(server, tmp_path, "all_cameras.py", server.url)).splitlines()
    assert "by software" in first
    assert [frame.rpartition(".")[2] for frame in frames] == ["jpg"]


async def test_watch_rig(server: ServerProcess, tmp_path: Path) -> None:
    """Frames and events come over one connection."""
    printed = await run(server, tmp_path, "watch_rig.py", server.url)
    assert printed.startswith("snapshot: ")
    assert ": light_left" in printed
    assert [path.read_bytes()[:2] for path in tmp_path.glob("frame_*.jpg")] == [b"\xff\xd8"] * 3


async def test_simulator_control(server: ServerProcess, tmp_path: Path) -> None:
    """The example finds the simulator and says what it answers."""
    status = json.loads(await run(server, tmp_path, "simulator_control.py", "status"))
    assert status["cameras"][0]["plugged"] is True
    refused = json.loads(await run(server, tmp_path, "simulator_control.py", "unplug", "camera=none"))
    assert refused["ok"] is False


def test_every_example_is_run() -> None:
    """An example that no test runs would rot."""
    tests = Path(__file__).read_text()
    with_its_bridge = {"mail_hook.py"}
    examples = {example.name for example in EXAMPLES.glob("*.py")} - with_its_bridge
    assert all(f'"{name}"' in tests for name in examples)
    hooks = Path(__file__).parents[1] / "unit" / "test_hooks.py"
    assert all(f'"{name}"' in hooks.read_text() for name in with_its_bridge)
