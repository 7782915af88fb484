"""Rows of images as light: what is compiled gives what numpy gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support.image_sets import SIZE, Bump, dome, folder_with_manifest
from tetherlight.photometric import kernel
from tetherlight.pixels.decode import decode
from tetherlight.pixels.response import LINEAR, SRGB, Response
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.spool import WEIGHTS, Stack
from tetherlight.reconstruct.strips import strip_of
from tetherlight.reconstruct.surface import reconstruct

needs_numba = pytest.mark.skipif(not kernel.available(), reason="numba is not installed, so nothing is compiled")
OF_EACH = Response("curve.txt", np.array([0, 0.5, 1]), np.array([[0, 0, 0], [0.1, 0.2, 0.3], [1, 1, 1]]))
ROWS = slice(3, 10)


def stack_of(response: Response, dtype: type, *, colour: bool, ambient: bool) -> Stack:
    random = np.random.default_rng(0)
    frames = random.integers(0, np.iinfo(dtype).max, (6, 12, 9, 3)[: 4 if colour else 3], dtype, endpoint=True)
    return Stack(
        frames=frames,
        ambient=random.integers(0, 20, frames.shape[1:], dtype) if ambient else None,
        response=response,
        intensities=np.linspace(0.8, 1.3, 6, dtype=np.float32),
        exposures=np.array([1, 1, 0.5, 2, 1, 0.25], np.float32),
        ambient_exposure=1.5,
        kept=np.array([0, 2, 3, 5]),
    )


@needs_numba
@pytest.mark.parametrize("ambient", [False, True], ids=["dark", "ambient"])
@pytest.mark.parametrize("colour", [False, True], ids=["gray", "colour"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("response", [SRGB, LINEAR, OF_EACH], ids=["srgb", "linear", "curve"])
def test_what_is_compiled_looks_up_what_numpy_does(
    response: Response, dtype: type, colour: bool, ambient: bool
) -> None:
    stack = stack_of(response, dtype, colour=colour, ambient=ambient)
    plain, quick = (strip_of(stack, ROWS, fast=fast) for fast in (False, True))
    assert type(plain) is not type(quick)
    assert plain.gray.shape == quick.gray.shape == (4, 7 * 9)
    np.testing.assert_allclose(quick.gray, plain.gray, rtol=1e-5, atol=1e-7)
    assert (quick.usable == plain.usable).all()
    assert not plain.usable.all()
    if colour:
        places, weights = np.array([0, 5, 6, 62]), 3 * WEIGHTS
        expected = plain.colours(weights, places)
        assert expected.shape == (4, 4, 3)
        np.testing.assert_allclose(quick.colours(weights, places), expected, rtol=1e-5, atol=1e-7)


def test_floats_are_light_already() -> None:
    stack = stack_of(LINEAR, np.uint8, colour=True, ambient=False)
    floats = replace(stack, frames=stack.frames / np.float32(255))
    found = strip_of(floats, ROWS, fast=True)
    np.testing.assert_allclose(found.gray, strip_of(stack, ROWS, fast=False).gray, rtol=1e-5, atol=1e-7)
    assert found.usable.all()


@pytest.mark.parametrize("fast", [False, pytest.param(True, marks=needs_numba)])
def test_a_curve_of_each_colour_counts_for_each_image_of_a_stack(fast: bool) -> None:
    stack = stack_of(OF_EACH, np.uint8, colour=True, ambient=False)
    found = strip_of(stack, slice(0, 2), fast=fast).colours(np.ones(3, np.float32), np.arange(18))
    for number, colours in zip(stack.kept, found, strict=True):
        expected = OF_EACH.linear(stack.frames[number, :2]).reshape(18, 3) / stack.scales[number]
        np.testing.assert_allclose(colours, expected, rtol=1e-5)


@needs_numba
def test_a_surface_is_the_same_with_what_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lights, bump = dome(8), Bump()
    inside = np.zeros((*SIZE, 1), bool)
    inside[8:-8, 10:-10] = True
    pictures = [bump.lit(light, ambient=0.01) * inside for light in lights]
    folder = folder_with_manifest(tmp_path / "set", lights, pictures, ambient=0.01 * np.ones((*SIZE, 3)) * inside)

    def made(name: str) -> Path:
        (tmp_path / name).mkdir()
        reconstruct(
            lambda *_: None,
            folder=str(folder),
            into=str(tmp_path / name),
            options=Options(method="least-squares").as_dict(),
        )
        return tmp_path / name

    plain = made("plain")
    monkeypatch.setattr(kernel, "LARGE", 1)
    quick = made("quick")
    assert 0.3 < (decode(plain / "mask.png") > 0).mean() < 0.9
    for name, most in {"normals.png": 4, "albedo.tiff": 1e-4, "mask.png": 0, "error.png": 1, "residual.png": 1}.items():
        one, other = decode(plain / name).astype(float), decode(quick / name).astype(float)
        assert np.abs(one - other).max() <= most
