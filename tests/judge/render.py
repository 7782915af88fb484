"""Sets of a renderer that is not ours, with the truth: `python render.py FOLDER`, where Mitsuba 3 is installed.

It knows nothing of Tetherlight and runs in an environment of its own. Each set becomes NAME.npz: `images` (K, H, W),
linear; `lights` (K, 3), unit vectors towards the light, or `positions` (K, 3) in widths of the image, the origin at its
centre and at height 0; `normals` (H, W, 3); `mask` (H, W). x right, y up, z to the camera.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mitsuba as mi
import numpy as np

SIZE = 160
SAMPLES = 9
CAMERA_AT = 5.0
GRID = 500
BALL = 0.9

Heights = Callable[[Any, Any], Any]
"""Heights of a surface at x and y from -1.2 to 1.2; the camera sees -1 to 1."""


@dataclass(frozen=True)
class Subject:
    """What is rendered, and how it is lit."""

    heights: Heights
    material: dict[str, Any]
    lamps: Any
    """(K, 3): unit vectors towards the lamps, or where they are."""
    near: bool = False
    shown: Callable[[Any, Any], Any] = lambda x, _y: np.ones_like(x, bool)
    """What belongs to the object, at x and y."""


def waves(x: Any, y: Any) -> Any:
    """Return gentle hills, of which none shades another under lamps that stand high."""
    return 0.08 * np.sin(4 * x + 1) * np.cos(3 * y) + 0.05 * np.cos(7 * x * y + 2 * y)


def relief(x: Any, y: Any) -> Any:
    """Return steep hills and holes that throw hard shadows."""
    return 0.16 * np.sin(9 * x) * np.cos(8 * y + 1) + 0.06 * np.sin(19 * x + 5 * y)


def terrace(x: Any, y: Any) -> Any:
    """Return on which of the terraces a place lies."""
    return np.floor(3 * np.sin(2.2 * x + 0.3) * np.cos(1.9 * y))


def steps(x: Any, y: Any) -> Any:
    """Return terraces with walls between them."""
    return 0.08 * terrace(x, y) + 0.05 * np.sin(5 * x + 4 * y)


def on_a_terrace(x: Any, y: Any) -> Any:
    """Say which places are no wall, nor within a pixel and a half of one."""
    off = 3 / SIZE
    around = [terrace(x + right, y + up) for right in (-off, 0, off) for up in (-off, 0, off)]
    return np.ptp(np.stack(around), axis=0) == 0


def ball(x: Any, y: Any) -> Any:
    """Return a ball with dents, on a slope where it ends."""
    far = np.hypot(x, y)
    inside = np.minimum(far, BALL)
    slope = -inside / np.sqrt(1 - inside**2)
    return np.sqrt(1 - inside**2) + slope * (far - inside) + 0.03 * np.sin(9 * x) * np.sin(8 * y)


def on_the_ball(x: Any, y: Any) -> Any:
    """Say which places are the ball."""
    return np.hypot(x, y) < BALL


def ring(count: int, elevations: tuple[float, ...]) -> Any:
    """Return unit vectors towards lamps on circles at some elevations, in degrees."""
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    up = np.radians(np.resize(elevations, count))
    return np.stack((np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.sin(up)), axis=1)


def mesh(folder: Path, name: str, heights: Heights) -> dict[str, Any]:
    """Return a surface as a mesh with smooth normals."""
    side = np.linspace(-1.2, 1.2, GRID)
    x, y = np.meshgrid(side, side)
    z = heights(x, y)
    step = 1e-5
    slope_x = (heights(x + step, y) - heights(x - step, y)) / (2 * step)
    slope_y = (heights(x, y + step) - heights(x, y - step)) / (2 * step)
    vertices = np.stack((x, y, z, -slope_x, -slope_y, np.ones_like(z)), axis=-1).reshape(-1, 6).astype("<f4")
    corner = (np.arange(GRID - 1)[:, None] * GRID + np.arange(GRID - 1)).ravel()
    triangles = np.concatenate(
        [
            np.stack((corner, corner + 1, corner + GRID), axis=1),
            np.stack((corner + 1, corner + GRID + 1, corner + GRID), axis=1),
        ]
    )
    faces = np.zeros(len(triangles), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, triangles
    path = folder / f"{name}.ply"
    properties = "".join(f"property float {one}\n" for one in ("x", "y", "z", "nx", "ny", "nz"))
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\n{properties}"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    path.write_bytes(head.encode() + vertices.tobytes() + faces.tobytes())
    return {"type": "ply", "filename": str(path)}


def scene(surface: dict[str, Any], material: dict[str, Any], lamp: dict[str, Any] | None) -> Any:
    """Return a scene as the camera from above sees it, without perspective; without a lamp it shows normals."""
    # Light from the surface to the surface is another subject.
    light = {"type": "direct"} if lamp else {"type": "aov", "aovs": "normal:sh_normal"}
    return mi.load_dict({
        "type": "scene",
        "integrator": light,
        "camera": {
            "type": "orthographic",
            "to_world": mi.ScalarTransform4f().look_at([0, 0, CAMERA_AT], [0, 0, 0], [0, 1, 0]),
            "film": {
                "type": "hdrfilm", "width": SIZE, "height": SIZE, "rfilter": {"type": "box"},
                "pixel_format": "luminance", "component_format": "float32",
            },
            "sampler": {"type": "stratified", "sample_count": SAMPLES},
        },
        "surface": surface | {"material": material},
    } | ({"lamp": lamp} if lamp else {}))  # fmt: skip


def rendered(surface: dict[str, Any], material: dict[str, Any], lamp: dict[str, Any] | None) -> Any:
    """Return what the camera sees, (H, W, C)."""
    return np.asarray(mi.render(scene(surface, material, lamp), seed=7), np.float32)


def written(folder: Path, name: str, subject: Subject) -> None:
    """Render a set and keep it."""
    surface = mesh(folder, name, subject.heights)
    normals = rendered(surface, subject.material, None)[..., -3:]
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    images = []
    for where in subject.lamps:
        if subject.near:
            lamp = {"type": "point", "position": list(where), "intensity": float(where @ where)}
        else:
            lamp = {"type": "directional", "direction": list(-where), "irradiance": 1.0}
        images.append(rendered(surface, subject.material, lamp)[..., 0])
    side = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    mask = subject.shown(*np.meshgrid(side, -side))
    told = {"positions": subject.lamps / 2} if subject.near else {"lights": subject.lamps}
    np.savez(folder / f"{name}.npz", images=np.stack(images), normals=normals, mask=mask, **told)


def main() -> None:
    """Render every set that is not there yet."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    mi.set_variant("scalar_rgb")
    matte = {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.6}}
    plastic = {"type": "roughplastic", "alpha": 0.25, "diffuse_reflectance": {"type": "rgb", "value": 0.5}}
    dome = ring(20, (35.0, 50.0, 65.0))
    subjects = {
        "rough_plastic": Subject(ball, plastic, dome, shown=on_the_ball),
        "cast_shadows": Subject(relief, matte, ring(32, (25.0, 40.0, 55.0, 70.0))),
        "depth_jumps": Subject(steps, matte, dome, shown=on_a_terrace),
        # Three widths of the image away.
        "near_light": Subject(waves, matte, ring(16, (40.0, 55.0, 70.0)) * 6, near=True),
    }
    for name, subject in subjects.items():
        if not (folder / f"{name}.npz").exists():
            written(folder, name, subject)


if __name__ == "__main__":
    main()
