"""Normals of pictures that a renderer which is not ours has made: `make judge` renders them first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tetherlight.photometric.choice import choose
from tetherlight.photometric.height import height
from tetherlight.photometric.near import NearLights, solve_near
from tetherlight.photometric.normals import Solution, solve

SETS = Path(__file__).parents[2] / ".cache" / "judge" / "sets"


@dataclass(frozen=True)
class RenderedSet:
    """A set with its truth; N pixels belong to the object."""

    images: NDArray[np.float32]
    """(K, H, W)."""
    lamps: NDArray[np.float32]
    """(K, 3)."""
    truth: NDArray[np.float32]
    """(H, W, 3)."""
    mask: NDArray[np.bool_]

    @property
    def samples(self) -> NDArray[np.float32]:
        """(K, N)."""
        return self.images[:, self.mask]

    def off(self, normals: Any) -> NDArray[np.float32]:
        """Return by how many degrees normals (N, 3) are wrong."""
        cosines = np.clip((normals * self.truth[self.mask]).sum(axis=1), -1, 1)
        return np.asarray(np.degrees(np.arccos(cosines)), np.float32)


def rendered(name: str) -> RenderedSet:
    path = SETS / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"There is no {path.name}: `make judge` renders it.")
    with np.load(path) as found:
        lamps = found["positions"] if "positions" in found else found["lights"]
        return RenderedSet(found["images"], lamps.astype(np.float32), found["normals"], found["mask"])


def solved(subject: RenderedSet) -> Solution:
    """Solve a set by the method that is chosen for it."""
    picked = choose(subject.samples, subject.lamps)
    return solve(subject.samples, subject.lamps, method=picked.method, curve=picked.curve)


def test_rough_plastic_is_found_to_a_degree() -> None:
    subject = rendered("rough_plastic")
    assert np.median(subject.off(solved(subject).normals)) <= 1.0


@pytest.mark.parametrize(("name", "most"), [("cast_shadows", 0.5), ("depth_jumps", 0.45)])
def test_shadows_that_are_cast_cost_less_than_half_a_degree(name: str, most: float) -> None:
    subject = rendered(name)
    assert subject.off(solved(subject).normals).mean() <= most


@pytest.mark.parametrize("name", ["rough_plastic", "cast_shadows", "depth_jumps"])
def test_what_is_chosen_is_never_worse_than_least_squares(name: str) -> None:
    subject = rendered(name)
    plain = solve(subject.samples, subject.lamps, method="least-squares")
    assert subject.off(solved(subject).normals).mean() <= subject.off(plain.normals).mean() + 0.1


def test_near_lights_need_their_positions_and_one_repetition() -> None:
    subject = rendered("near_light")
    everywhere = subject.images.reshape(len(subject.images), -1)
    solution, _ = solve_near(everywhere, NearLights(subject.lamps), subject.mask.shape, height)
    assert subject.off(solution.normals).mean() <= 0.3
    far = subject.lamps / np.linalg.norm(subject.lamps, axis=1, keepdims=True)
    assert subject.off(solve(everywhere, far).normals).mean() > 3
