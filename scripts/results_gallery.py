"""Make the pictures and figures of docs/explanations/gallery.md anew, from a set on the simulated rig.

Everything is done by the commands that a person types; only then are the pictures made small.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from screenshots import ROOT, server

PAGE = ROOT / "docs" / "explanations" / "gallery.md"
PICTURES = ROOT / "docs" / "images" / "gallery"
WIDTH = 400
QUALITY = 80
ERROR_GAIN = 4
"""How many times brighter than in error.png, which has ten levels for a degree."""
DETAIL = (0.36, 0.40)
"""The middle of what is shown at its own size, in parts of the picture from its left and top."""
FRAMES = ("light_left", "light_rear", "light_right")
STILLS = {"above": 0, "below": 5, "upper-left": 8}
"""Pictures lit from where no lamp stands, and their numbers among the stills."""
FIGURES = re.compile(
    r"(?<=<!-- figures: written by `make gallery` -->\n\n).*?(?=\n\n<!-- end of figures -->)", re.DOTALL
)


def command(folder: Path, *words: str) -> None:
    """Run one of our commands in a folder."""
    subprocess.run([sys.executable, "-m", "tetherlight", *words], cwd=folder, env=os.environ, check=True)


def captured(folder: Path) -> Path:
    """Capture a set under all lights and compute what there is to see; return its folder."""
    with server(folder) as url:
        command(folder, "--server", url, "set", "capture", "--name", "ammonite")
    (taken,) = (folder / "captures" / "photometric_sets").glob("ammonite_*")
    command(folder, "reconstruct", str(taken))
    command(folder, "relight", str(taken))
    return taken


def pictures(taken: Path) -> Iterator[tuple[str, Image.Image]]:
    """Give each picture of the page by its name."""
    results = taken / "results"
    for light in FRAMES:
        (frame,) = taken.glob(f"image_??_{light}.jpg")
        yield light, Image.open(frame)
    for name in ("normals", "albedo", "relief"):
        yield name, Image.open(results / f"{name}.png").convert("RGB")
    yield "error", Image.open(results / "error.png").point(lambda level: min(255, level * ERROR_GAIN))
    for side, still in STILLS.items():
        yield f"relit-{side}", Image.open(results / "relight" / "stills" / f"still_{still}.jpg")
    for name in ("albedo", "normals"):
        whole = Image.open(results / f"{name}.png").convert("RGB")
        left, top = round(DETAIL[0] * whole.width) - WIDTH // 2, round(DETAIL[1] * whole.height) - WIDTH // 3
        yield f"{name}-detail", whole.crop((left, top, left + WIDTH, top + 2 * WIDTH // 3))


def figures(taken: Path) -> str:
    """Say in a few lines what the reports tell."""
    surface = json.loads((taken / "results" / "report.json").read_text())
    relit = json.loads((taken / "results" / "relight" / "report.json").read_text())
    found, best = surface["figures"], relit["method"]
    return (
        f"- The surface: {surface['width']} x {surface['height']} pixels under {found['lights']} lights; the method"
        f" `{surface['method']}` predicts left-out lights best. Its normals are expected to be wrong by"
        f" {found['predicted_error_median_deg']:.1f} degrees in the median.\n"
        f"- Lit anew: the form `{best}` predicts left-out lights with {relit['figures']['psnr']:.1f} dB (PSNR)."
    )


def main() -> None:
    """Write pictures and figures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tetherlight-gallery-") as place:
        taken = captured(Path(place))
        for name, picture in pictures(taken):
            picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
            picture.save(PICTURES / f"{name}.jpg", quality=QUALITY, optimize=True)
        text = figures(taken)
    PAGE.write_text(FIGURES.sub(lambda _: text, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
