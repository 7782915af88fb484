"""What libgphoto2's drivers say of a call that failed reaches whoever asked."""

from pathlib import Path

import pytest

from support.camera_world import OpenCamera, open_camera
from tetherlight.camera.focus import drive_focus
from tetherlight.errors import CaptureFailed, ConfigRejected, PreviewFailed

AT_LIMIT = "Nikon manual focus at limit"


async def at_its_end(opened: OpenCamera) -> None:
    """Let the live view run, and drive the lens to its near end."""
    await opened.camera.preview()
    await opened.simulator.control("lens", place=0)


async def test_an_action_that_fails_is_told_in_the_drivers_words_and_not_as_a_value_that_was_kept(
    tmp_path: Path,
) -> None:
    async with open_camera(tmp_path, "--vendor", "nikon") as opened:
        await at_its_end(opened)
        with pytest.raises(ConfigRejected) as caught:
            await opened.camera.set_config("manualfocusdrive", -20)
        assert caught.value.message == f"The camera did not carry out 'manualfocusdrive': {AT_LIMIT}."
        assert (caught.value.details or {})["gphoto_text"] == AT_LIMIT
        with pytest.raises(ConfigRejected) as caught:
            await drive_focus(opened.camera, -1)
        assert caught.value.message == f"The lens did not move all the way: {AT_LIMIT}."


async def test_a_capture_that_fails_is_told_in_the_drivers_words(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as opened:
        await opened.fault("error", when="capture", code=0x2002)
        with pytest.raises(CaptureFailed) as caught:
            await opened.camera.capture(opened.folder, "image")
        assert caught.value.message.startswith("The camera failed to take a picture (Canon EOS ")
        assert caught.value.details is not None
        assert caught.value.details["gphoto_text"] in caught.value.message


async def test_a_preview_that_an_entry_of_the_body_explains_is_refused_with_its_name(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", "nikon") as opened:
        await opened.simulator.control("set_property", name="liveviewprohibit", value=1 << 17)
        with pytest.raises(PreviewFailed, match="Liveview cannot start: Temperature too high") as caught:
            await opened.camera.preview()
        assert caught.value.hint == "The camera's 'liveviewprohibit' says: Temperature too high."


async def test_a_canon_whose_picture_goes_elsewhere_says_where(tmp_path: Path) -> None:
    async with open_camera(tmp_path) as opened:
        await opened.simulator.control("property_fault", name="output", effect="never", announced=True)
        with pytest.raises(PreviewFailed) as caught:
            await opened.camera.preview()
        assert caught.value.hint == "The camera's 'output' is 'Off': set it to 'PC'."


async def test_the_words_of_one_failure_are_not_those_of_the_next(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", "nikon") as opened:
        await at_its_end(opened)
        with pytest.raises(ConfigRejected, match=AT_LIMIT):
            await opened.camera.set_config("manualfocusdrive", -20)
        await opened.fault("error", when="capture", code=0xA002)
        with pytest.raises(CaptureFailed) as caught:
            await opened.camera.capture(opened.folder, "image")
        assert AT_LIMIT not in str(caught.value.details)
        assert caught.value.hint == "Often the lens could not focus."
