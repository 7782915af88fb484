"""`python -m bench.accuracy`: how far normals are from the truth by each method, and what they cost beside decoding.

Sets that others made are read from the folder that TETHERLIGHT_REFERENCE_DATA names, and left out without it. Angles
are mean and median in degrees over the pixels of the mask. All rendered sets have seeds. Where RELIGHT_CLI names the
command line of RelightLab, it solves JPEGs of the same sets.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from scipy.ndimage import zoom

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench import relightlab
from support import surfaces
from support.reference_sets import bunny, figure, gray_sphere
from support.surfaces import RenderedSet
from tetherlight.photometric.choice import Choice, choose, object_curve
from tetherlight.photometric.height import surface
from tetherlight.photometric.intensities import estimate
from tetherlight.photometric.kernel import Coded
from tetherlight.photometric.leaveout import leave_one_out
from tetherlight.photometric.near import NearLights, solve_near
from tetherlight.photometric.normals import METHODS, Method, solve
from tetherlight.photometric.shading import LAMBERT, Curve
from tetherlight.reconstruct.spool import CLIPPED, WEIGHTS

Array = NDArray[Any]
SIZE = 96


def sets() -> Iterator[tuple[str, RenderedSet]]:
    """Yield each set by name."""
    data = Path(os.environ.get("TETHERLIGHT_REFERENCE_DATA", "/nonexistent"))
    if (data / "bunny").is_dir():
        yield "bunny, 50 lights", bunny(data)
        yield "gray sphere, photographs, 12 lights", gray_sphere(data)
    else:
        print("TETHERLIGHT_REFERENCE_DATA names no folder of reference data: only own sets.", file=sys.stderr)
    few, many = surfaces.dome(20), surfaces.dome(60)
    relief = surfaces.render(surfaces.relief(SIZE), few)
    yield "relief with cast shadows, 60 lights", surfaces.render(surfaces.relief(SIZE), many)
    yield "the same, 20 lights", relief
    height, faces = surfaces.steps(SIZE)
    yield "depth jumps, 20 lights", surfaces.render(height, few, normals=faces)
    shallow = surfaces.relief(SIZE, depth=0.04)
    yield "no shadows, noise 1 %, 20 lights", surfaces.render(shallow, few, noise=0.01)
    yield "no shadows, noise 3 %, 8 lights", surfaces.render(shallow, surfaces.dome(8), noise=0.03)
    yield "lights differ by 10 %, 20 lights", surfaces.scattered(relief, 0.1)[0]
    yield "directions off by 2 degrees, 20 lights", turned(relief, 2.0)
    for rough in (0.1, 0.25, 0.4):
        yield f"plastic, roughness {rough}, 20 lights", surfaces.plastic(few, rough=rough)
    yield "dark plastic, 30 lights", surfaces.plastic(surfaces.dome(30), diffuse=0.1)
    yield "clay with gloss (Oren-Nayar), 20 lights", surfaces.glossy(few, rough=0.5, diffuse=0.6, shine=0.04)
    yield "metal, roughness 0.45, 20 lights", surfaces.glossy(few, rough=0.45, diffuse=0, shine=0.7)
    yield "lacquered metal, 20 lights", surfaces.glossy(few, rough=0.4, diffuse=0.05, shine=0.3)


def turned(rendered: RenderedSet, degrees: float) -> RenderedSet:
    """Return the set with directions that are wrong by so much."""
    noise = np.random.default_rng(7).normal(0, np.radians(degrees) / np.sqrt(2), rendered.lights.shape)
    lights = rendered.lights + noise
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    return RenderedSet(rendered.values, lights.astype(np.float32), rendered.normals, rendered.albedo, rendered.shape)


def angle(normals: Array, rendered: RenderedSet) -> str:
    """Return mean and median in degrees."""
    off = surfaces.angles(normals, rendered.normals)
    return f"{off.mean():.2f} / {np.median(off):.2f}"


def by_numpy(rendered: RenderedSet) -> Array:
    """Solve with nothing but numpy.linalg.lstsq."""
    found: Array = np.linalg.lstsq(rendered.lights, rendered.values, rcond=None)[0].T
    return found


def with_choice(rendered: RenderedSet) -> tuple[Choice, bool, Array, Array]:
    """Solve as a set is solved of which nothing but the directions is known; return its values and its normals, too."""
    found = estimate(rendered.values, rendered.lights)
    values = rendered.values
    if found.useful:
        values = (values / found.strengths[:, None]).astype(np.float32)
    choice = choose(values, rendered.lights)
    solution = solve(values, rendered.lights, method=choice.method, curve=choice.curve)
    return choice, found.useful, values, solution.normals


def of_method(rendered: RenderedSet, method: Method) -> Array:
    """Solve with one method."""
    curve = LAMBERT
    if method.endswith("curve"):
        some = np.linspace(0, rendered.values.shape[1] - 1, 1000).astype(int)
        few = rendered.values[:, some]
        curve = object_curve(few, rendered.lights, method, usable=np.isfinite(few))
    return solve(rendered.values, rendered.lights, method=method, curve=curve).normals


def accuracy() -> None:
    """Print the angles of all methods on all sets, and those of the chosen one."""
    others = ("numpy lstsq", *(("RelightLab",) if relightlab.PROGRAM else ()))
    print("| set | " + " | ".join((*others, *METHODS)) + " | chosen | which | left-out PSNR |")
    print("| --- " * (len(METHODS) + len(others) + 4) + "|")
    for name, rendered in sets():
        cells = [angle(by_numpy(rendered), rendered)]
        if relightlab.PROGRAM:
            cells.append(angle(relightlab.of_set(rendered.values, rendered.lights, rendered.shape), rendered))
        cells += [angle(of_method(rendered, method), rendered) for method in METHODS]
        choice, divided, values, normals = with_choice(rendered)
        cells += [f"**{angle(normals, rendered)}**", choice.method + (", strengths found" if divided else "")]
        every = max(1, values.shape[1] // 2000)
        told = leave_one_out(values[:, ::every], rendered.lights, method=choice.method, curve=choice.curve)
        print(f"| {name} | " + " | ".join(cells) + f" | {told.mean_psnr:.1f} dB |", flush=True)


def figures_of_clay() -> None:
    """Print how well photographs whose truth nobody knows are predicted where their light is left out."""
    data = Path(os.environ.get("TETHERLIGHT_REFERENCE_DATA", "/nonexistent"))
    if not (data / "uw").is_dir():
        return
    print("\n| photographs, 12 lights | least squares | chosen | which |\n| --- | --- | --- | --- |")
    for name in ("buddha", "cat"):
        values, lights = figure(data, name)
        values = values[:, :: max(1, values.shape[1] // 2000)]
        usable = values < CLIPPED
        choice = choose(values, lights, usable=usable)
        tried: tuple[tuple[Method, Curve], ...] = (("least-squares", LAMBERT), (choice.method, choice.curve))
        told = (leave_one_out(values, lights, method=method, curve=curve, usable=usable) for method, curve in tried)
        cells = [f"{one.mean_psnr:.1f} dB, {np.median(one.residual):.2%}" for one in told]
        print(f"| {name} | " + " | ".join(cells) + f" | {choice.method} |", flush=True)


def near() -> None:
    """Print what positions bring over directions at two and at three image widths."""
    print("\n| lamps at | directions only | positions, on a plane | and on the integrated height |")
    print("| --- | --- | --- | --- |")
    for widths in (2.0, 3.0):
        lamps = surfaces.dome(20, lowest=35) * np.float32(widths)
        rendered, _ = surfaces.near_relief(SIZE, lamps=lamps)
        shape = rendered.shape
        cells = [angle(solve(rendered.values, rendered.lights).normals, rendered)]
        for rounds in (0, 1):
            solution, _ = solve_near(
                rendered.values, NearLights(lamps), shape, lambda n, m: surface(n, m).height, rounds=rounds
            )
            cells.append(angle(solution.normals, rendered))
        print(f"| {widths:g} image widths | " + " | ".join(cells) + " |")


def cost(lights: int = 20, high: int = 1500, wide: int = 2000) -> None:
    """Print processor time of solving as a ratio to that of decoding the same images as gray JPEGs."""
    directions = surfaces.dome(lights)
    height = zoom(surfaces.relief(150), (high / 150, wide / 150), order=1) * 10
    normals, albedo = surfaces.normals_of(height), zoom(surfaces.pattern(128), (high / 128, wide / 128), order=1)
    noise = np.random.default_rng(0)
    files = []
    for light in directions:
        shadow = zoom(surfaces.shadowed(height[::10, ::10], light).astype(np.float32), 10, order=0)
        image = np.maximum(normals @ light, 0) * albedo * (1 - shadow) + noise.normal(0, 0.01, albedo.shape)
        files.append(simplejpeg.encode_jpeg((image.clip(0, 1) * 255).astype(np.uint8)[..., None], 95, "GRAY"))
    frames = np.empty((lights, high * wide), np.uint8)

    def decode() -> None:
        for number, file in enumerate(files):
            frames[number] = simplejpeg.decode_jpeg(file, "GRAY").ravel()

    table = (np.arange(256) / 255).astype(np.float32)
    decode()
    values, usable = table[frames], frames < 254
    solve(values, directions, usable=usable, fast=True)
    whole = sum(map(len, files)) / lights * 24e6 / (high * wide) / 1e6
    floor = min(_cpu(decode) for _ in range(3))
    print(
        f"\n{lights} gray JPEGs of {whole:.1f} MB at 24 MP; decoding takes {floor / high / wide * 1e9:.0f} ns a pixel."
    )
    print("\n| processor time beside decoding | ratio |\n| --- | --- |")
    print(f"| look-up of linear values, numpy | {min(_cpu(lambda: table[frames]) for _ in range(3)) / floor:.2f} |")
    coded = Coded(
        frames=frames.reshape(lights, high, wide),
        kept=np.arange(lights),
        rows=slice(0, high),
        tables=table[None],
        dark=None,
        share=np.ones(lights, np.float32),
        over=np.ones(lights, np.float32),
    )
    coded.gray(254, WEIGHTS)
    spent = min(_cpu(lambda: coded.gray(254, WEIGHTS)) for _ in range(3))
    print(f"| look-up of linear values, compiled, with what is clipped | {spent / floor:.2f} |")
    told: tuple[tuple[Method, float, bool], ...] = (
        ("least-squares", 0.0, True), ("lit-huber", 0.0, True), ("lit-huber", 0.03, True),
        ("least-squares", 0.0, False), ("lit-huber", 0.0, False),
    )  # fmt: skip
    for method, level, fast in told:
        spent = min(
            _cpu(lambda m=method, n=level, f=fast: solve(values, directions, method=m, usable=usable, noise=n, fast=f))
            for _ in range(3 if fast else 1)
        )
        print(f"| {method}, {'compiled' if fast else 'numpy'}, noise {level:g} | {spent / floor:.2f} |")


def _cpu(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    accuracy()
    figures_of_clay()
    near()
    cost()
