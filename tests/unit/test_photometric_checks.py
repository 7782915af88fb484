"""What a frame says of its light."""

from pathlib import Path

import pytest
from PIL import Image

from tetherlight.errors import ImageUnreadable
from tetherlight.photometric.checks import Brightness, brightness_of, missing_light
from tetherlight.store.drawing import levels_apart, levels_of

DIM = Brightness(mean=40.0, black=0.0)


@pytest.mark.parametrize(
    ("frame", "ambient", "missing"),
    [
        (Brightness(40.9, 0.0), DIM, True),
        (Brightness(43.0, 0.0), DIM, False),
        (Brightness(0.2, 1.0), Brightness(0.2, 1.0), True),
        (Brightness(4.0, 0.9), Brightness(0.2, 1.0), False),
        (Brightness(0.9, 0.99), None, True),
        (Brightness(4.0, 0.9), None, False),
    ],
)
def test_a_frame_without_its_light_is_told_from_a_dim_one(
    frame: Brightness, ambient: Brightness | None, missing: bool
) -> None:
    """Noise between two frames under the same light is no light; a little more is."""
    assert (missing_light(frame, ambient) is not None) is missing


def test_brightness_is_measured_on_the_luma(tmp_path: Path) -> None:
    """A picture that is black but for a quarter has a quarter of the white's mean."""
    picture = Image.new("RGB", (400, 400))
    picture.paste((200, 200, 200), (0, 0, 200, 200))
    path = tmp_path / "quarter.jpg"
    picture.save(path, quality=95)
    measured = brightness_of(levels_of(path))
    assert measured.mean == pytest.approx(50, abs=2)
    assert measured.black == pytest.approx(0.75, abs=0.03)


def test_what_is_no_picture_has_no_brightness(tmp_path: Path) -> None:
    """A damaged file is an error with its name."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8 and then nothing")
    with pytest.raises(ImageUnreadable, match="broken"):
        levels_apart(None, str(path), str(tmp_path))
