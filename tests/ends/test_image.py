"""The container image, built and started for real, by itself and by the compose file: `make test-image`."""

import contextlib
import os
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.containers import Containers, NoContainers, containers, started_from
from support.free_ports import free_port
from support.patience import stretched

ROOT = Path(__file__).parents[2]
IMAGE = "tetherlight-test"
BUILD_S = 1700.0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Containers]:
    with contextlib.ExitStack() as view:
        try:
            yield view.enter_context(containers(tmp_path))
        except NoContainers:
            # Then the script may still find buildah.
            yield Containers("", (), dict(os.environ))


@pytest.mark.timeout(stretched(BUILD_S + 100))
def test_the_image_serves_a_simulated_rig_and_its_pages(here: Containers) -> None:
    """PYTHON_IMAGE names another image to start from, where no registry can be reached."""
    ended = here.run([str(ROOT / "scripts" / "image.sh"), IMAGE], BUILD_S)
    if ended.returncode == 3:
        pytest.skip(ended.stderr.strip())
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert "serves a simulated rig and its pages" in ended.stdout


def compose(here: Containers) -> list[str]:
    """Return the command that reads compose files."""
    for words in ([here.tool, "compose"], ["podman-compose"]):
        if shutil.which(words[0]) and here.run([*words, "version"]).returncode == 0:
            return words
    pytest.skip("Nothing here reads compose files: neither docker compose nor podman-compose.")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Containers]:
    try:
        with started_from(IMAGE, tmp_path) as found:
            yield found
    except NoContainers as why:
        pytest.skip(str(why))


@pytest.fixture
def rig(started: Containers, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The compose file as it stands, with another port, and folders for what of the machine is not there."""
    port, text = free_port(), (ROOT / "deploy" / "compose.yml").read_text()
    text = text.replace("127.0.0.1:8000:", f"127.0.0.1:{port}:").replace("image: tetherlight", f"image: {IMAGE}")
    for place in (Path("/dev/bus/usb"), Path("/run/udev")):
        if not place.is_dir():
            (tmp_path / place.name).mkdir()
            text = text.replace(f"- {place}:", f"- {tmp_path / place.name}:")
    (tmp_path / "compose.yml").write_text(text)
    words = [*compose(started), "--project-name", IMAGE, "--file", str(tmp_path / "compose.yml")]
    try:
        up = started.run([*words, "up", "--detach", "--no-build"])
        assert up.returncode == 0, up.stderr
        yield started.ask("ps", "--all", "--quiet", "--filter", f"name={IMAGE}"), port
    finally:
        started.run([*words, "down", "--volumes"])


@pytest.mark.timeout(stretched(300))
def test_the_compose_file_brings_a_server_up(started: Containers, rig: tuple[str, int]) -> None:
    """With all that it gives: rights, volume, devices; and it is reachable from this machine."""
    container, port = rig
    started.until(container, "Tetherlight is at")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=stretched(60)) as answer:
        assert answer.status == 200
    assert started.ask("exec", container, "cat", "/data/state/token")
