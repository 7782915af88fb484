"""The server is killed in the middle of its work; `make crash` does it much more often."""

from pathlib import Path

import pytest

from endurance.crash import crash


@pytest.mark.timeout(300)
async def test_a_server_killed_at_any_moment_keeps_every_promise(tmp_path: Path) -> None:
    """Five times: acknowledged images are whole, deletions hold, manifests can be read, leftovers are cleaned."""
    promises = await crash(tmp_path, rounds=5, seed=20)
    assert promises.done["kills"] == 5
    assert promises.images
