"""Normals by RelightLab's command line, of the same pictures: where RELIGHT_CLI names that program.

It is built apart and comes with nothing of ours. By its command line it solves by least squares; its robust solver has
to be made the default in its source.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

PROGRAM = os.environ.get("RELIGHT_CLI")
WHITE = 0.98
QUALITY = 98
WIDTH = 160
"""Of the pictures of a set that is no rectangle."""


def coded(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return linear values from 0 to 1 as 8 bits with sRGB's curve."""
    values = values.clip(0, 1)
    curved = np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(curved * 255), np.uint8)


def pictures(values: NDArray[Any], shape: tuple[int, int]) -> list[bytes]:
    """Return a set (K, N) as JPEGs in sRGB."""
    levels = coded(values / values.max() * WHITE).reshape(-1, *shape)
    return [simplejpeg.encode_jpeg(np.repeat(one[..., None], 3, axis=2), QUALITY, "RGB", "444") for one in levels]


def normals(files: list[bytes], lights: NDArray[Any]) -> NDArray[Any]:
    """Return the program's normals (N, 3), or raise CalledProcessError with what it says."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [str(len(files))]
        for number, (file, light) in enumerate(zip(files, lights, strict=True)):
            (folder / f"image_{number:02}.jpg").write_bytes(file)
            lines.append(f"image_{number:02}.jpg {light[0]} {light[1]} {light[2]}")
        (folder / "lights.lp").write_text("\n".join(lines) + "\n")
        (folder / "out").mkdir()
        command = [str(PROGRAM), "-b", "skip", "-n", "-q", "100", "-C", name, str(folder / "out" / "nn.jpg")]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"})
        found = sorted((folder / "out").rglob("*.jpg"))
        decoded = simplejpeg.decode_jpeg(found[0].read_bytes(), "RGB").astype(np.float32) / 255 * 2 - 1
    flat = decoded.reshape(-1, 3)
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True), np.float32)


def of_set(values: NDArray[Any], lights: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return normals (N, 3) of a set (K, N)."""
    count = values.shape[1]
    high, wide = shape
    if high == 1:
        high, wide = -(-count // WIDTH), WIDTH
        values = np.pad(values, ((0, 0), (0, high * wide - count)), mode="edge")
    return normals(pictures(values, (high, wide)), lights)[:count]
