"""Checks of frames that cannot be read: the step says so."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from support.image_sets import Bump, dome, folder_with_manifest
from tetherlight.capture.checking import FrameChecks
from tetherlight.protocol.manifest import FindingRecord
from tetherlight.settings import Settings
from tetherlight.store.drawing import reduced
from tetherlight.store.manifest import read_manifest
from tetherlight.store.store import Store

LIGHTS = dome(4)
BUMP = Bump((200, 300))


@pytest.mark.parametrize("broken", [True, False])
async def test_a_frame_that_cannot_be_read_is_a_warning_of_its_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, broken: bool
) -> None:
    """A damaged file, or one on which the check itself fails; the others are checked as ever."""
    settings = Settings(captures_base_dir=tmp_path / "captures", min_free_bytes=0)
    folder = settings.sets_dir / "set"
    folder_with_manifest(folder, LIGHTS, [BUMP.lit(one) for one in LIGHTS])
    told: dict[int, list[FindingRecord]] = {}

    async def hear(index: int, filename: str, findings: Sequence[FindingRecord]) -> None:
        assert filename.startswith(f"image_{index:02d}")
        told[index] = list(findings)

    def fails_at_one(path: Path, *rest: object, **more: bool) -> object:
        if path.name == "image_02_light_2.jpg":
            raise RuntimeError("a mistake of ours")
        return reduced(path, *rest, **more)  # type: ignore[arg-type]

    if broken:
        (folder / "image_02_light_2.jpg").write_bytes(b"\xff\xd8 no picture")
    else:
        monkeypatch.setattr("tetherlight.capture.checking.reduced", fails_at_one)
    checks = FrameChecks(Store(settings), hear, bracketed=False)
    for step in read_manifest(folder).steps:
        checks.look(step, folder, step.light or "")
    await checks.finish()
    assert [(one.code, one.severity) for one in told[2]] == [("not_checked", "warning")]
    assert told[2][0].message.startswith("The frame was not checked. ")
    assert all(one.code != "not_checked" for index, found in told.items() if index != 2 for one in found)
