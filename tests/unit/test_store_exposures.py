"""Exposures of any mix of bodies and formats, among foreign files, deleted, rated and restored in any order."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tetherlight.camera.worker import saving
from tetherlight.errors import ImageNotFound, StoreError
from tetherlight.files.types import is_image
from tetherlight.settings import Settings
from tetherlight.store.store import Store

STEMS = ("p", "p-2", "p_2", "P")
"""What several bodies call their pictures in the same second; the second could be a second one of the first name."""
FORMATS = (".JPG", ".CR2", ".jpg", ".HIF", "")
FOREIGN = ("p.nef", "p-2.jpg", "p_2.JPG", "P.CR2", "p.xmp", "p.XMP", "p.jpg.xmp", "p-3.txt", "p", "p-2_2.jpg")


@dataclass
class Shot:
    """An exposure as its worker put it down: content by name."""

    files: dict[str, bytes]


class Exposures(RuleBasedStateMachine):
    """A captures folder, and what must be in it."""

    shots = Bundle("shots")

    @initialize()
    def begin(self) -> None:
        self.folder = Path("captures")
        if self.folder.exists():
            self.clear()
        self.store = Store(Settings(min_free_bytes=0))
        self.store.prepare()
        self.all: list[Shot] = []
        self.foreign: dict[str, bytes] = {}
        self.count = 0

    def clear(self) -> None:
        for path in sorted(self.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    def content(self) -> bytes:
        self.count += 1
        return b"%d" % self.count

    @rule(target=shots, stem=st.sampled_from(STEMS), formats=st.lists(st.sampled_from(FORMATS), min_size=1, max_size=3))
    def capture(self, stem: str, formats: list[str]) -> Shot:
        content = [self.content() for _ in formats]
        drafts = [
            saving.write_draft(self.folder, f"IMG{one}", data) for one, data in zip(formats, content, strict=True)
        ]
        paths = saving.publish(drafts, self.folder, stem)
        shot = Shot({path.name: data for path, data in zip(paths, content, strict=True)})
        self.all.append(shot)
        return shot

    @rule(name=st.sampled_from(FOREIGN))
    def copy_a_foreign_file(self, name: str) -> None:
        """Another program puts a file there, as careful as we are: it overwrites nothing, joins no exposure of ours."""
        stem = name.split(".", maxsplit=1)[0].casefold()
        ours = {Path(one).stem.casefold() for shot in self.all for one in shot.files}
        if stem not in ours and not any(one.casefold() == name.casefold() for one in self.foreign):
            self.foreign[name] = self.content()
            (self.folder / name).write_bytes(self.foreign[name])

    @rule(shot=shots, data=st.data())
    def delete(self, shot: Shot, data: st.DataObject) -> None:
        for name in self.chosen(shot, data):
            if (self.folder / name).exists():
                assert {one.filename for one in self.store.delete_image(name)} <= shot.files.keys()
            else:
                with pytest.raises(ImageNotFound):
                    self.store.delete_image(name)

    @rule(shot=shots, data=st.data())
    def restore(self, shot: Shot, data: st.DataObject) -> None:
        for name in self.chosen(shot, data):
            if not (self.folder / name).exists():
                assert {one.filename for one in self.store.captures.restore(name)} <= shot.files.keys()
            else:
                with pytest.raises(StoreError):
                    self.store.captures.restore(name)

    @rule(shot=shots, rating=st.integers(1, 5), data=st.data())
    def rate(self, shot: Shot, rating: int, data: st.DataObject) -> None:
        for name in self.chosen(shot, data):
            before = self.ratings()
            if (self.folder / name).exists():
                noted = {one.filename for one in self.store.annotate_image(name, rating, None).images}
                assert noted <= shot.files.keys()
                after = self.ratings()
                assert {one for one in after if after[one] != before[one]} <= noted

    def chosen(self, shot: Shot, data: st.DataObject) -> list[str]:
        images = sorted(name for name in shot.files if is_image(name))
        return [data.draw(st.sampled_from(images))] if images else []

    def ratings(self) -> dict[str, int | None]:
        return {one.filename: one.rating for one in self.store.captures.newest(1000)}

    @invariant()
    def nothing_is_lost_or_mixed(self) -> None:
        """Every file has its own content, here or in the trash; no two exposures share a stem, now or when restored."""
        stems: dict[str, int] = {}
        for number, shot in enumerate(self.all):
            for name, content in shot.files.items():
                places = [self.folder / name, *self.folder.glob(f".trash_captures/*/*/{name}")]
                assert content in [path.read_bytes() for path in places if path.is_file()], name
                stem = Path(name).stem if is_image(name) else name
                assert stems.setdefault(stem.casefold(), number) == number
        for name, content in self.foreign.items():
            if Path(name).suffix.lower() != ".xmp" and not is_image(name):
                assert (self.folder / name).read_bytes() == content

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()


def test_no_two_exposures_ever_share_a_stem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever mix of them is taken, no file is overwritten, and what is done to one touches no other's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power fails here
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Exposures,
        settings=settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=checks),
    )
