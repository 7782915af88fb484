"""In which order a rig's cameras stand."""

import itertools
from collections.abc import Collection
from pathlib import Path

from tetherlight.camera.identity import FoundCamera, camera_ids
from tetherlight.rig.roster import Roster
from tetherlight.settings import Settings

USB = [("Nikon D750", "usb:001,006", "7", "1-2"), ("Canon EOS 1300D", "usb:001,009", "3", "1-4"),
       ("Canon EOS 1300D", "usb:001,007", None, "1-1")]  # fmt: skip
NETWORK = [("Sony ILCE-7S", "ptpip:10.0.0.2", "1", None), ("Canon EOS R", "ptpip:10.0.0.1", "2", None)]


class Sight:
    """What is seen when somebody looks."""

    def __init__(self, *seen: tuple[str, str, str | None, str | None]) -> None:
        self.seen = seen

    async def __call__(self, settings: Settings, *, skip_ports: Collection[str] = ()) -> list[FoundCamera]:
        """Look."""
        assert not skip_ports, settings
        return camera_ids(self.seen)


async def test_the_first_camera_is_the_same_each_time(tmp_path: Path) -> None:
    """Whatever was plugged in first, has which number, or answers first: ids on USB, and then CAMERAS as they stand."""
    settings = Settings(captures_base_dir=tmp_path, cameras=("ptpip:10.0.0.2", "ptpip:10.0.0.1"))
    for seen in itertools.permutations([*USB, *NETWORK]):
        roster = Roster(settings, {}, Sight(*seen))
        await roster.look()
        ids = [one.camera_id for one in roster]
        assert ids[:3] == sorted(one.camera_id for one in camera_ids(USB))
        assert ids[3:] == ["sony-ilce-7s-1", "canon-eos-r-2"]


async def test_a_camera_that_is_plugged_in_later_has_its_place(tmp_path: Path) -> None:
    """As it would have after the next start of the server."""
    sight = Sight(USB[0])
    roster = Roster(Settings(captures_base_dir=tmp_path), {}, sight)
    await roster.look()
    sight.seen = (USB[0], USB[1])
    await roster.look()
    assert [one.model for one in roster] == ["Canon EOS 1300D", "Nikon D750"]
