"""Focusing at a point: what each maker's cameras are told, and in which order."""

import asyncio

import pytest

from tetherlight.camera import focus, focus_point
from tetherlight.camera.focus import autofocus
from tetherlight.camera.focus_point import Size
from tetherlight.camera.worker.widgets import ACTIONS_SECTION
from tetherlight.errors import CameraBusy, ConfigNotFound, ConfigRejected
from tetherlight.protocol.models import ConfigEntry, ConfigType, ConfigValue


class FakeLens:
    """A camera with some entries, which writes down what it is asked to do."""

    def __init__(
        self, model: str, *actions: str, picture_size: Size | None = None, sizes: tuple[str, ...] = ()
    ) -> None:
        self.camera_id = "lens-1"
        self.model = model
        self.owner: str | None = None
        self.picture_size = picture_size
        self.done: list[tuple[str, ConfigValue] | str] = []
        self.told = asyncio.Event()
        self.refusals: dict[str, int] = {}
        paths = [ACTIONS_SECTION + name for name in actions] + (["/main/imgsettings/imagesize"] if sizes else [])
        self._entries = {
            path: ConfigEntry(
                name=path.rpartition("/")[2],
                label=path,
                value=sizes[0] if sizes else "0",
                type=ConfigType.TEXT,
                readonly=False,
                options=list(sizes),
                path=path,
            )
            for path in paths
        }

    async def get_config(self, name: str | None = None) -> list[ConfigEntry]:
        found = [entry for path, entry in self._entries.items() if name in {path, entry.name}]
        if not found:
            raise ConfigNotFound(f"Config '{name}' not found.")
        return found

    async def set_config(self, name: str, value: ConfigValue, *, owner: str | None = None) -> ConfigEntry:  # noqa: ARG002 - nobody owns it
        (entry,) = await self.get_config(name)
        self.done.append((entry.name, value))
        self.told.set()
        if self.refusals.get(entry.name, 0):
            self.refusals[entry.name] -= 1
            raise ConfigRejected("The camera kept '0'.")
        return entry

    async def preview(self) -> object:
        self.done.append("preview")
        return None


@pytest.mark.parametrize(
    ("area", "point", "told"),
    [
        (focus_point.nikon((6016, 4016)), (0.25, 0.5), "1504x2008"),
        (focus_point.nikon((6016, 4016)), (0, 0), "1x1"),
        (focus_point.nikon((6016, 4016)), (1, 1), "6015x4015"),
        (focus_point.SONY, (0.5, 0.5), "320,240"),
        (focus_point.SONY, (1, 1), "639,479"),
        (focus_point.canon((5184, 3456)), (0.5, 0.5), "2074,1382"),
        (focus_point.canon((5184, 3456)), (0, 0), "1,1"),
        (focus_point.canon((5184, 3456)), (1, 1), "4148,2765"),
    ],
)
def test_a_point_becomes_the_makers_own_numbers(area: focus_point.Area, point: tuple[float, float], told: str) -> None:
    """Nikon and Sony are told the middle, Canon the upper left of a frame that stays inside; never a zero."""
    assert area.write(point) == told


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("Canon EOS 1300D", (5184, 3456)),
        ("Canon EOS Rebel T6", (5184, 3456)),
        ("Canon EOS-1D X Mark III", (5472, 3648)),
        ("Canon EOS R5", (8192, 5464)),
        ("Canon EOS R", (6720, 4480)),
        ("Canon EOS 5D Mark IV", (6720, 4480)),
        ("Canon EOS Nova", None),
    ],
)
def test_the_pixels_of_eos_bodies_are_known_by_name(model: str, size: Size | None) -> None:
    assert focus_point.canon_size(model) == size


def test_the_largest_picture_size_is_found_among_texts() -> None:
    assert focus_point.largest(["3008x2008", "6016x4016", "Large", "4512x3008"]) == (6016, 4016)
    assert focus_point.largest(["Large", ""]) is None


async def test_a_running_live_view_is_not_asked_for_a_preview_first() -> None:
    lens = FakeLens("D750", "autofocusdrive", "changeafarea", sizes=("6016x4016", "3008x2008"))
    await autofocus(lens, (0.25, 0.5), live=True)
    assert lens.done == [("changeafarea", "1504x2008"), ("autofocusdrive", True)]


async def test_without_live_view_a_preview_begins_it() -> None:
    lens = FakeLens("Canon EOS 1300D", "autofocusdrive", "eoszoomposition")
    await autofocus(lens, (0.5, 0.5))
    assert lens.done == ["preview", ("eoszoomposition", "2074,1382"), ("autofocusdrive", True)]


async def test_a_point_refused_after_an_exposure_is_offered_again_once() -> None:
    lens = FakeLens("D750", "autofocusdrive", "changeafarea", sizes=("6016x4016",))
    lens.refusals["changeafarea"] = 1
    await autofocus(lens, (0.25, 0.5), live=True)
    assert lens.done[1:] == ["preview", ("changeafarea", "1504x2008"), ("autofocusdrive", True)]
    lens.refusals["changeafarea"] = 2
    lens.done.clear()
    with pytest.raises(ConfigRejected, match="did not take the focus point"):
        await autofocus(lens, (0.25, 0.5), live=True)
    assert ("autofocusdrive", True) not in lens.done


async def test_an_unknown_canon_is_measured_by_its_pictures() -> None:
    lens = FakeLens("Canon EOS Nova", "autofocusdrive", "eoszoomposition")
    with pytest.raises(ConfigNotFound, match="takes no focus point") as caught:
        await autofocus(lens, (0.5, 0.5), live=True)
    assert "Take a picture" in (caught.value.hint or "")
    assert lens.done == []
    lens.picture_size = (1000, 500)
    await autofocus(lens, (0.5, 0.5), live=True)
    assert lens.done[0] == ("eoszoomposition", "400,200")


async def test_canons_autofocus_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on until it is cancelled, or the camera is left."""
    monkeypatch.setattr(focus, "HALF_PRESS_S", 0)
    lens = FakeLens("Canon EOS 1300D", "autofocusdrive", "cancelautofocus")
    await autofocus(lens)
    assert lens.done == [("autofocusdrive", True), ("cancelautofocus", True)]


@pytest.mark.parametrize(
    ("button", "release"), [("autofocus", ("autofocus", False)), ("autofocusdrive", ("cancelautofocus", True))]
)
async def test_a_caller_who_gives_up_leaves_no_button_pressed(button: str, release: tuple[str, ConfigValue]) -> None:
    lens = FakeLens("Any", *dict.fromkeys((button, release[0])))
    caller = asyncio.create_task(autofocus(lens))
    await asyncio.wait_for(lens.told.wait(), 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert lens.done == [(button, True), release]


async def test_sonys_button_is_pressed_half_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focus, "HALF_PRESS_S", 0)
    lens = FakeLens("ILCE-7M4", "autofocus", "spotfocusarea")
    await autofocus(lens, (0.5, 0.5), live=True)
    assert lens.done == [("spotfocusarea", "320,240"), ("autofocus", True), ("autofocus", False)]


async def test_a_camera_without_focus_points_is_left_alone() -> None:
    lens = FakeLens("X-T5", "autofocusdrive")
    with pytest.raises(ConfigNotFound, match=r"^This camera takes no focus point\.$"):
        await autofocus(lens, (0.5, 0.5))
    assert lens.done == []
    await autofocus(lens)
    assert lens.done == [("autofocusdrive", True)]


async def test_while_a_job_owns_the_camera_it_is_refused_at_once() -> None:
    lens = FakeLens("D750", "autofocusdrive", "changeafarea", sizes=("6016x4016",))
    lens.owner = "job-1"
    with pytest.raises(CameraBusy) as caught:
        await autofocus(lens, (0.5, 0.5))
    assert caught.value.details == {"job_id": "job-1"}
    assert lens.done == []


async def test_a_camera_that_cannot_be_told_to_focus_says_so() -> None:
    with pytest.raises(ConfigNotFound, match="cannot be told to focus"):
        await autofocus(FakeLens("Box"), (0.5, 0.5))


async def test_a_focus_that_is_not_found_is_told() -> None:
    lens = FakeLens("D750", "autofocusdrive")
    lens.refusals["autofocusdrive"] = 1
    with pytest.raises(ConfigRejected, match="could not focus"):
        await autofocus(lens)
