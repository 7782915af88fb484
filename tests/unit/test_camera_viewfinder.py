"""What the worker tells a body that shall end its live view: a driver on a camera that is a table of widgets."""

from typing import Any

import gphoto2 as gp
import pytest

from tetherlight.camera.worker.driver import Driver


class FakeWidget:
    """One config entry."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def get_value(self) -> Any:
        return self.value

    def set_value(self, value: Any) -> None:
        self.value = value


class FakeCamera:
    """A body with some entries, which writes down what it is told."""

    def __init__(self, **entries: Any) -> None:
        self._entries = entries
        self.told: list[tuple[str, Any] | str] = []

    def get_summary(self) -> str:
        return "Model: Fake\n  Serial Number: 7\n"

    def get_single_config(self, name: str) -> FakeWidget:
        if name not in self._entries:
            raise gp.GPhoto2Error(gp.GP_ERROR_BAD_PARAMETERS)
        return FakeWidget(self._entries[name])

    def set_single_config(self, name: str, widget: FakeWidget) -> None:
        self._entries[name] = widget.value
        self.told.append((name, widget.value))

    def capture_preview(self) -> Any:
        self.told.append("preview")
        raise gp.GPhoto2Error(gp.GP_ERROR)

    def exit(self) -> None:
        self.told.append("exit")


class FakeLibrary:
    """Opens the one camera."""

    def __init__(self, camera: FakeCamera) -> None:
        self._camera = camera

    def open(self, _model: str, _port: str) -> FakeCamera:
        return self._camera


def opened(camera: FakeCamera) -> Driver:
    driver = Driver(FakeLibrary(camera))  # type: ignore[arg-type]
    driver.open("Fake", "usb:001,002")
    return driver


def preview(driver: Driver) -> None:
    with pytest.raises(Exception, match="preview"):
        driver.preview()


def test_a_nikon_is_told_by_its_toggle_alone() -> None:
    camera = FakeCamera(viewfinder=1)
    driver = opened(camera)
    driver.standby(None)
    preview(driver)
    assert camera.told == [("viewfinder", 0), "preview"]


def test_a_canon_is_also_told_where_its_picture_shall_go() -> None:
    """What it was told to begin by must be undone, or libgphoto2 believes that it still runs."""
    camera = FakeCamera(viewfinder=1, output="PC")
    driver = opened(camera)
    driver.standby("Off")
    preview(driver)
    assert camera.told == [("viewfinder", 0), ("output", "Off"), "preview"]


def test_a_canon_whose_output_says_something_else_is_told_to_begin_again() -> None:
    camera = FakeCamera(viewfinder=1, output="Unknown value 0008")
    driver = opened(camera)
    driver.standby("Off")
    preview(driver)
    preview(driver)
    assert camera.told == [("viewfinder", 0), ("viewfinder", 1), "preview", "preview"]


def test_a_camera_that_is_left_is_told_before() -> None:
    camera = FakeCamera(viewfinder=1, output="PC")
    opened(camera).close(standby=True, output="Off")
    assert camera.told == [("viewfinder", 0), ("output", "Off"), "exit"]


def test_a_camera_that_rests_or_cannot_be_told_is_just_left() -> None:
    resting, other = FakeCamera(viewfinder=0), FakeCamera()
    opened(resting).close()
    opened(other).close(standby=True)
    assert resting.told == other.told == ["exit"]
