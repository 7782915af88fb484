"""`python -m bench.surface_memory [LIGHTS] [MEGAPIXELS]`: memory of a surface beside what an idle child has.

Gray JPEGs of a matte relief are written, and a child computes their surface. Anonymous memory is what counts: images
lie in a file that is mapped, whose pages the kernel may take back at any time. Told for each part of the work.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import numpy as np
import simplejpeg

from tetherlight.photometric import kernel
from tetherlight.pixels.response import linear_to_srgb
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.surface import reconstruct

EVERY_S = 0.01
MEGA = 1 << 20


def anonymous() -> float:
    """Return the anonymous memory of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RssAnon"))) * 1024 / MEGA


def written(folder: Path, lights: int, megapixels: float) -> None:
    """Write images of a relief under a ring of lights, and their directions."""
    high, wide = (int(np.sqrt(megapixels * 1e6 * share)) for share in (2 / 3, 3 / 2))
    y, x = np.mgrid[:high, :wide].astype(np.float32) / wide * 40
    right, down = 0.5 * np.cos(x) * np.cos(y), -0.5 * np.sin(x) * np.sin(y)
    length = np.sqrt(1 + right**2 + down**2)
    noise = np.random.default_rng(0).normal(0, 0.004, (512, wide)).astype(np.float32)
    lines = [str(lights)]
    for number in range(lights):
        turn, z = 2.4 * number, 0.5 + 0.45 * number / lights
        side = np.sqrt(1 - z * z)
        light = side * np.cos(turn), side * np.sin(turn), z
        shaded = np.maximum((-right * light[0] + down * light[1] + light[2]) / length, 0) * np.float32(0.6)
        for row in range(0, high, 512):
            shaded[row : row + 512] += noise[: min(512, high - row)]
        image = np.rint(linear_to_srgb(shaded) * 255).astype(np.uint8)[..., None]
        (folder / f"{number:02d}.jpg").write_bytes(simplejpeg.encode_jpeg(image, 92, "GRAY"))
        lines.append(f"{number:02d}.jpg {light[0]:.6f} {light[1]:.6f} {light[2]:.6f}")
    (folder / "lights.lp").write_text("\n".join(lines) + "\n")


@contextmanager
def watched(parts: dict[str, float], now: list[str]) -> Iterator[None]:
    """Note the most memory of each part."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(EVERY_S):
            parts[now[0]] = max(parts.get(now[0], 0.0), anonymous())

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def measure(told: Connection, folder: str, method: str) -> None:
    """Compute a surface and tell the memory of an idle process, that of each part, and the processor time."""
    kernel.available()
    idle, parts, now = anonymous(), dict[str, float](), ["begin"]

    def tell(done: float, total: float, activity: str | None = None) -> None:
        now[:] = [(activity or now[0]).partition(" ")[0], f"{done / max(total, 1e-9):.0%}"]

    began = time.process_time()
    with TemporaryDirectory(dir=folder) as into, watched(parts, now):
        options = Options(method=method, response="srgb").as_dict()
        reconstruct(tell, folder=folder, into=into, options=options)
    told.send((idle, parts, time.process_time() - began))


def main(lights: int, megapixels: float) -> None:
    """Print a line for each part."""
    with TemporaryDirectory() as folder:
        written(Path(folder), lights, megapixels)
        for method in ("least-squares", "lit-huber"):
            here, there = multiprocessing.get_context("spawn").Pipe()
            child = multiprocessing.get_context("spawn").Process(target=measure, args=(there, folder, method))
            child.start()
            idle, parts, seconds = here.recv()
            child.join()
            above = {name: round(most - idle) for name, most in parts.items()}
            most = f"at most {max(above.values())} MB above {idle:.0f} MB"
            of_parts = ", ".join(f"{name} {megabytes}" for name, megabytes in above.items())
            size = f"{lights} images of {megapixels:g} MP"
            print(f"{method}: {size}: {most} ({of_parts}); {seconds:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, float(sys.argv[2]) if len(sys.argv) > 2 else 24)
