"""The container image, built and started for real where podman, docker or buildah can be used: `make test-ends`."""

import subprocess
from pathlib import Path

import pytest

from support.patience import stretched

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(stretched(1800))
def test_the_image_serves_a_simulated_rig_and_its_pages() -> None:
    """PYTHON_IMAGE names another image to start from, where no registry can be reached."""
    ended = subprocess.run(
        [ROOT / "scripts" / "image.sh", "tetherlight-test"], capture_output=True, text=True, check=False,
        timeout=stretched(1700),
    )  # fmt: skip
    if ended.returncode == 3:
        pytest.skip(ended.stderr.strip())
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert "serves a simulated rig and its pages" in ended.stdout
