"""A machine is prepared step by step: what is there stays, what was done can be taken back, and begun again."""

from pathlib import Path

import pytest

from support import plain_debian
from tetherlight.errors import SetupFailed
from tetherlight.setup import Machine, planned, set_up, take_back
from tetherlight.setup.machine import NOTE
from tetherlight.setup.plan import unit

PROGRAM = Path("/opt/tetherlight/.venv/bin/tetherlight")


class Debian:
    """A folder that stands for a fresh Debian, and what was told of it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        monkeypatch.setenv("PLAIN_DEBIAN", str(root))
        self.machine = Machine(root, programs=str(plain_debian.prepare(root)))
        self.told: list[str] = []

    def set_up(self, *, service: bool = False, dry: bool = False) -> None:
        set_up(self.machine, planned("photographer", PROGRAM if service else None), self.told.append, dry=dry)

    def take_back(self, *, dry: bool = False) -> None:
        take_back(self.machine, self.told.append, dry=dry)

    def state(self) -> dict[str, str]:
        """Return all files of it."""
        files = [path for path in (self.root / "etc").rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_text() for path in files}


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Debian:
    return Debian(tmp_path / "machine", monkeypatch)


def test_a_fresh_machine_has_all_that_a_rig_needs(debian: Debian) -> None:
    """Groups, rules, membership and the service; each is told."""
    debian.set_up(service=True)
    members = debian.machine.members()
    assert {"photographer", "tetherlight"} <= members["plugdev"] & members["gpio"]
    assert 'GROUP="gpio"' in (debian.root / "etc/udev/rules.d/60-tetherlight.rules").read_text()
    assert f"ExecStart={PROGRAM} serve" in (debian.root / "etc/systemd/system/tetherlight.service").read_text()
    assert "The group plugdev is there: already so." in debian.told
    assert "photographer is in the group gpio, from the next login on." in debian.told


def test_the_second_time_nothing_is_done(debian: Debian) -> None:
    debian.set_up()
    before, debian.told = debian.state(), []
    debian.set_up()
    assert debian.state() == before
    assert all(line.endswith("already so.") for line in debian.told)


def test_a_dry_run_changes_nothing(debian: Debian) -> None:
    before = debian.state()
    debian.set_up(service=True, dry=True)
    assert debian.state() == before
    assert not (debian.root / NOTE).exists()
    assert "The group gpio is there: would be done." in debian.told


def test_what_was_done_is_taken_back_and_nothing_else(debian: Debian) -> None:
    """The group plugdev was there before, and stays."""
    before = debian.state()
    debian.set_up(service=True)
    debian.take_back(dry=True)
    assert debian.state() != before
    debian.take_back()
    assert debian.state() == before
    assert not (debian.root / NOTE).exists()
    debian.take_back()
    assert debian.told[-1] == "Nothing was done here that could be taken back."


def test_where_a_step_fails_the_next_try_goes_on(debian: Debian) -> None:
    """And what was done before can be taken back."""
    rules = debian.root / "etc/udev/rules.d"
    before = debian.state()
    rules.rename(debian.root / "hidden")
    with pytest.raises(SetupFailed, match=r"60-tetherlight\.rules cannot be written: No such file"):
        debian.set_up()
    (debian.root / "hidden").rename(rules)
    debian.set_up()
    debian.take_back()
    assert debian.state() == before


def test_a_program_that_refuses_is_quoted(debian: Debian) -> None:
    with pytest.raises(SetupFailed, match=r"'usermod -aG plugdev nobody-here' failed: .*does not exist"):
        set_up(debian.machine, planned("nobody-here", None), debian.told.append)


def test_where_udev_does_not_run_the_rules_count_from_its_start(debian: Debian) -> None:
    """As in the image of a card that is prepared on another machine; where it runs, what it says is quoted."""
    (debian.root / "bin" / "udevadm").write_text("#!/bin/sh\necho 'Failed to send reload request' >&2\nexit 1\n")
    with pytest.raises(SetupFailed, match="'udevadm control --reload' failed: Failed to send reload request"):
        debian.set_up()
    (debian.root / "run/udev/control").unlink()
    debian.take_back()
    debian.set_up()
    assert "60-tetherlight.rules" in "".join(debian.state())


def test_a_service_in_a_home_is_refused_before_anything_is_done() -> None:
    """Its unit hides all homes from it."""
    with pytest.raises(SetupFailed, match="may not look into homes"):
        unit(Path("/home/x/venv/bin/tetherlight"))


@pytest.mark.parametrize("note", ["{", '[["a step of tomorrow"]]', "[3]"])
def test_a_note_that_is_not_ours_stops_the_undoing(debian: Debian, note: str) -> None:
    (debian.root / NOTE).write_text(note)
    before = debian.state()
    with pytest.raises(SetupFailed, match="The note of what was done"):
        debian.take_back()
    assert debian.state() == before
