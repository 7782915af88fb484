"""`least-squares` and `lit-huber` compiled by numba, for images of millions of pixels; `solvers.py` says what they do.

Pixels go through in blocks, and each step over all pixels of a block for one light after the other: so the inner loops
are vectorised. Samples are ordered by a network of comparisons, which has no branches. Pixels at rest leave.

Shapes: K lights, n pixels of a block; v, w (K, n) values and weights; g (3, n); s (9, n) sums of a pixel: xx, xy, xz,
yy, yz, zz of the lights, and x, y, z times the value. All is float32 but the inverse, and numbers have names, for numba
would make literal ones double.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

from tetherlight.photometric import solvers

T = TypeVar("T", bound=Callable[..., Any])
Array = Any

BLOCK = 512
ENOUGH, STEPS = solvers.ENOUGH, solvers.HUBER_STEPS
ZERO, ONE, INF, TINY = np.float32(0), np.float32(1), np.float32(np.inf), np.float32(1e-12)
DARK, HUBER, NEAR_ZERO = np.float32(solvers.DARK), np.float32(solvers.HUBER), np.float32(solvers.NEAR_ZERO)
OWN, REST2, MIDDLE = np.float32(solvers.OWN_NOISE), np.float32(solvers.AT_REST**2), np.float32(0.5)
UNKNOWN, DEGREES = np.float32(90), np.float32(180 / np.pi)
GAUSS = np.float32(1.4826)


def compiled(function: T) -> T:
    """Compile at the first call and keep it; where there is no place to keep it, compile in each process."""
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy"}
    try:
        found: T = njit(cache=True, **options)(function)
    except RuntimeError:
        found = njit(**options)(function)
    return found


@compiled
def _order(rows: Array, network: Array) -> None:
    """Order each column, smallest first."""
    for m in range(network.shape[0]):
        low, high = rows[network[m, 0]], rows[network[m, 1]]
        for p in range(low.shape[0]):
            a, b = low[p], high[p]
            low[p] = min(b, a)
            high[p] = max(a, b)


@compiled
def _quantile(rows: Array, counts: Array, share: Any, out: Array) -> None:
    """Take a quantile of the first `counts` of each ordered column, linear between two; 0 where there are none."""
    for p in range(rows.shape[1]):
        last = max(counts[p] - 1, 0)
        place = np.float32(last) * share
        low = int(place)
        a, b = rows[low, p], rows[min(low + 1, last), p]
        out[p] = a + (b - a) * (place - np.float32(low)) if counts[p] > 0 else ZERO


@compiled
def _count(rows: Array, counts: Array) -> None:
    """Count the values of each column that are positive and finite."""
    counts[:] = 0
    for k in range(rows.shape[0]):
        row = rows[k]
        for p in range(row.shape[0]):
            counts[p] += np.int32(1) if ZERO <= row[p] < INF else np.int32(0)


@compiled
def _sums(v: Array, w: Array, lights: Array, products: Array, both: Array, s: Array) -> None:
    """Add up L^T W L and L^T W I."""
    for k in range(v.shape[0]):
        value, weight, out = v[k], w[k], both[k]
        for p in range(value.shape[0]):
            out[p] = value[p] * weight[p]
    np.dot(products, w, s[:6])
    np.dot(lights, both, s[6:])


_cofactors = compiled(solvers.cofactors)


@compiled
def _inverse(s: Array, p: int) -> tuple[Any, Any, Any, Any, Any, Any, Any]:
    """Return the cofactors of L^T W L of a pixel, and what they are multiplied with; 0 where there is no inverse."""
    xx, xy, xz = np.float64(s[0, p]), np.float64(s[1, p]), np.float64(s[2, p])
    yy, yz, zz = np.float64(s[3, p]), np.float64(s[4, p]), np.float64(s[5, p])
    a, b, c, d, e, f, determinant, least = _cofactors(xx, xy, xz, yy, yz, zz)
    return a, b, c, d, e, f, 1.0 / determinant if determinant > least else 0.0


@compiled
def _vectors(s: Array, g: Array) -> None:
    """Solve g from the sums; 0 where there is no solution."""
    for p in range(s.shape[1]):
        a, b, c, d, e, f, over = _inverse(s, p)
        x, y, z = np.float64(s[6, p]), np.float64(s[7, p]), np.float64(s[8, p])
        g[0, p] = np.float32((a * x + b * y + c * z) * over)
        g[1, p] = np.float32((b * x + d * y + e * z) * over)
        g[2, p] = np.float32((c * x + e * y + f * z) * over)


@compiled
def _across(s: Array, n: Array, out: Array) -> None:
    """Return the part of (L^T W L)^-1 across each normal (3, n); 0 where there is no inverse."""
    for p in range(s.shape[1]):
        a, b, c, d, e, f, over = _inverse(s, p)
        x, y, z = np.float64(n[0, p]), np.float64(n[1, p]), np.float64(n[2, p])
        along = x * (a * x + b * y + c * z) + y * (b * x + d * y + e * z) + z * (c * x + e * y + f * z)
        out[p] = np.float32(max((a + d + f - along) * over, 0.0))


@compiled
def _lengths(g: Array, out: Array) -> None:
    for p in range(g.shape[1]):
        out[p] = np.sqrt(g[0, p] * g[0, p] + g[1, p] * g[1, p] + g[2, p] * g[2, p])


@compiled
def _clear(v: Array, w: Array, noise: Any, network: Array, rows: Array, counts: Array, level: Array) -> None:
    """Take from the weights the samples of noise and deep shadow, where four or more are left."""
    for k in range(v.shape[0]):
        value, weight, row = v[k], w[k], rows[k]
        for p in range(value.shape[0]):
            row[p] = value[p] if weight[p] > ZERO and value[p] > noise else INF
    _count(rows, counts)
    _order(rows, network)
    _quantile(rows, counts, MIDDLE, level)
    counts[:] = 0
    for k in range(v.shape[0]):
        value, weight, row = v[k], w[k], rows[k]
        for p in range(value.shape[0]):
            clear = weight[p] > ZERO and value[p] > noise and value[p] >= DARK * level[p]
            row[p] = ONE if clear else ZERO
            counts[p] += np.int32(1) if clear else np.int32(0)
    for k in range(v.shape[0]):
        weight, row = w[k], rows[k]
        for p in range(weight.shape[0]):
            weight[p] = row[p] if counts[p] >= ENOUGH else weight[p]


@compiled
def _keep_four(value: Array, chosen: Array, towards: Array, off: Array) -> None:
    """Keep of one pixel the four chosen samples whose lights it faces most: off is their residual, else infinite."""
    off[:] = INF
    for _ in range(ENOUGH):
        best, most = -1, -INF
        for k in range(chosen.shape[0]):
            if chosen[k] > ZERO and off[k] == INF and towards[k] > most:
                best, most = k, towards[k]
        if best >= 0:
            off[best] = abs(value[best] - most)


@compiled
def _residuals(v: Array, chosen: Array, towards: Array, counts: Array, off: Array) -> None:
    """Write |v - l . g| of the chosen samples that face the light, infinite for the others; counts says of how many."""
    counts[:] = 0
    for k in range(v.shape[0]):
        value, mine, lit, row = v[k], chosen[k], towards[k], off[k]
        for p in range(value.shape[0]):
            faces = mine[p] > ZERO and lit[p] > ZERO
            row[p] = abs(value[p] - lit[p]) if faces else INF
            counts[p] += np.int32(1) if faces else np.int32(0)
    for p in range(v.shape[1]):
        if counts[p] < ENOUGH:
            _keep_four(v[:, p], chosen[:, p], towards[:, p], off[:, p])
            counts[p] = 0
            for k in range(v.shape[0]):
                counts[p] += np.int32(1) if off[k, p] < INF else np.int32(0)


@compiled
def _weights(off: Array, level: Array, size: Array) -> None:
    """Make Huber's weights of residuals, in their place; `level` is the own noise, `size` the albedo."""
    for p in range(off.shape[1]):
        level[p] = max(HUBER * level[p], NEAR_ZERO * size[p], TINY)
    for k in range(off.shape[0]):
        row = off[k]
        for p in range(row.shape[0]):
            row[p] = level[p] / max(row[p], level[p])


@compiled
def _unsettled(v: Array, chosen: Array, towards: Array, noise: Any, place: Array) -> int:
    """List the pixels of which a chosen sample is off by more than noise; return how many."""
    worst = np.zeros(v.shape[1], np.float32)
    for k in range(v.shape[0]):
        value, mine, lit = v[k], chosen[k], towards[k]
        for p in range(value.shape[0]):
            off = abs(value[p] - lit[p]) * mine[p]
            worst[p] = max(worst[p], off)
    active = 0
    for p in range(v.shape[1]):
        place[active] = p
        active += 1 if worst[p] > noise else 0
    return active


@compiled
def _gathered(rows: Array, place: Array, active: int, out: Array) -> None:
    for k in range(rows.shape[0]):
        row, mine = rows[k], out[k]
        for i in range(active):
            mine[i] = row[place[i]]


@compiled
def _moving(after: Array, own: Array, still: Array) -> int:
    """List the pixels whose vector is not at rest yet; return how many."""
    kept = 0
    for i in range(after.shape[1]):
        change, size = ZERO, ZERO
        for c in range(3):
            step = after[c, i] - own[c, i]
            change += step * step
            size += own[c, i] * own[c, i]
        still[kept] = i
        kept += 1 if change > REST2 * size else 0
    return kept


@compiled
def _left(after: Array, w: Array, place: Array, g: Array, chosen: Array) -> None:
    """Write vectors, and what counted, to the places of their pixels."""
    for c in range(3):
        for i in range(after.shape[1]):
            g[c, place[i]] = after[c, i]
    for k in range(w.shape[0]):
        row, mine = w[k], chosen[k]
        for i in range(row.shape[0]):
            mine[place[i]] = ONE if row[i] > ZERO else ZERO


@compiled
def _step(v: Array, chosen: Array, own: Array, lights: Array, products: Array, network: Array, w: Array) -> Array:
    """Return the vectors (3, n) after one step from `own`; w becomes the weights of the step."""
    count, wide = v.shape
    rows, counts = np.empty((count, wide), np.float32), np.empty(wide, np.int32)
    level, size = np.empty(wide, np.float32), np.empty(wide, np.float32)
    sums, after = np.empty((9, wide), np.float32), np.empty((3, wide), np.float32)
    np.dot(lights.T, own, rows)
    _residuals(v, chosen, rows, counts, w)
    for k in range(count):
        row, given = rows[k], w[k]
        for p in range(wide):
            row[p] = given[p]
    _order(rows, network)
    _quantile(rows, counts, OWN, level)
    _lengths(own, size)
    _weights(w, level, size)
    _sums(v, w, lights, products, rows, sums)
    _vectors(sums, after)
    return after


@compiled
def _robust(
    v: Array, chosen: Array, g: Array, towards: Array, lights: Array, products: Array, noise: Any, network: Array
) -> None:
    """Go on from least squares with lit Huber weights until pixels are at rest; chosen becomes what counted.

    Pixels at rest leave when they are half of those that are left: to move the others costs as much as a step.
    """
    count, wide = v.shape
    place, still = np.empty(wide + 1, np.int64), np.empty(wide + 1, np.int64)
    active = _unsettled(v, chosen, towards, noise, place)
    some, mine = np.empty((count, active), np.float32), np.empty((count, active), np.float32)
    own = np.empty((3, active), np.float32)
    _gathered(v, place, active, some)
    _gathered(chosen, place, active, mine)
    _gathered(g, place, active, own)
    for number in range(STEPS):
        if active == 0:
            break
        w = np.empty((count, active), np.float32)
        after = _step(some, mine, own, lights, products, network, w)
        kept = _moving(after, own, still)
        own = after
        if 2 * kept > active and number < STEPS - 1:
            continue
        _left(after, w, place, g, chosen)
        left, picked = some, mine
        some, mine = np.empty((count, kept), np.float32), np.empty((count, kept), np.float32)
        own = np.empty((3, kept), np.float32)
        _gathered(left, still, kept, some)
        _gathered(picked, still, kept, mine)
        _gathered(after, still, kept, own)
        for i in range(kept):
            place[i] = place[still[i]]
        active = kept


@compiled
def _spread(v: Array, w: Array, towards: Array, counts: Array, off: Array, total: Array) -> None:
    """Write the residuals of what counted, infinite for what did not, how many they are, and their squares' sum."""
    counts[:] = 0
    total[:] = ZERO
    for k in range(v.shape[0]):
        value, weight, lit, row = v[k], w[k], towards[k], off[k]
        for p in range(value.shape[0]):
            counted = weight[p] > ZERO
            miss = abs(value[p] - max(lit[p], ZERO))
            row[p] = miss if counted else INF
            total[p] += miss * miss if counted else ZERO
            counts[p] += np.int32(1) if counted else np.int32(0)


@compiled
def _count_usable(v: Array, w: Array, counts: Array, bright: Array) -> None:
    """Count the usable samples of each pixel, and find the brightest of them."""
    counts[:] = 0
    for k in range(v.shape[0]):
        value, weight = v[k], w[k]
        for p in range(value.shape[0]):
            seen = value[p] if weight[p] > ZERO else ZERO
            bright[p] = max(bright[p], seen)
            counts[p] += np.int32(1) if weight[p] > ZERO else np.int32(0)


@compiled
def _tell(
    robust: bool, noise: Any, counts: Array, level: Array, size: Array, total: Array, across: Array, told: Array
) -> None:
    """Write typical residual, predicted error and number of samples."""
    for p in range(counts.shape[0]):
        many = np.float32(max(counts[p], 1))
        free = np.float32(max(counts[p] - 3, 1)) / many
        if robust:
            sigma = GAUSS * level[p] / np.sqrt(free)
        else:
            level[p] = np.sqrt(total[p] / many)
            sigma = level[p] / np.sqrt(free)
        over = ONE / size[p] if size[p] > ZERO else ZERO
        turn = DEGREES * max(sigma, noise) * over * np.sqrt(across[p])
        told[0, p] = level[p] * over
        told[1, p] = min(turn, UNKNOWN) if across[p] > ZERO else UNKNOWN
        told[2, p] = np.float32(counts[p])


@compiled
def solve_block(
    v: Array, w: Array, lights: Array, products: Array, noise: Any, robust: bool, network: Array, g: Array, told: Array
) -> None:
    """Solve n pixels: values v and usable samples w (K, n) in, g (3, n) and told (4, n) out, w becomes what counted.

    told: typical residual, predicted error in degrees, number of samples, 1 where valid.
    """
    count, wide = v.shape
    rows, off = np.empty((count, wide), np.float32), np.empty((count, wide), np.float32)
    counts, level, size = np.empty(wide, np.int32), np.empty(wide, np.float32), np.empty(wide, np.float32)
    sums, across = np.empty((9, wide), np.float32), np.empty(wide, np.float32)
    bright, total = np.zeros(wide, np.float32), np.empty(wide, np.float32)
    least = ENOUGH if robust else 3
    _count_usable(v, w, counts, bright)
    for p in range(wide):
        told[3, p] = ONE if counts[p] >= least and bright[p] > noise else ZERO
    if robust:
        _clear(v, w, noise, network, rows, counts, level)
    _sums(v, w, lights, products, rows, sums)
    _vectors(sums, g)
    np.dot(lights.T, g, rows)
    if robust:
        _robust(v, w, g, rows, lights, products, noise, network)
        np.dot(lights.T, g, rows)
    _spread(v, w, rows, counts, off, total)
    if robust:
        _order(off, network)
        _quantile(off, counts, MIDDLE, level)
        np.dot(products, w, sums[:6])
    _lengths(g, size)
    normals = np.empty((3, wide), np.float32)
    for p in range(wide):
        over = ONE / size[p] if size[p] > ZERO else ZERO
        told[3, p] = told[3, p] if ZERO < size[p] < INF else ZERO
        for c in range(3):
            normals[c, p] = g[c, p] * over
    _across(sums, normals, across)
    _tell(robust, noise, counts, level, size, total, across, told)


@compiled
def solve_all(
    values: Array, lights: Array, products: Array, usable: Array, noise: Any, robust: bool, network: Array,
    normals: Array, albedo: Array, residual: Array, predicted: Array, used: Array, valid: Array,
) -> None:  # fmt: skip
    """Solve all pixels, block by block, into the arrays given; see `kernel.solve_fast`."""
    count, pixels = values.shape
    for start in range(0, pixels, BLOCK):
        n = min(BLOCK, pixels - start)
        v, w = np.empty((count, n), np.float32), np.empty((count, n), np.float32)
        g, told = np.empty((3, n), np.float32), np.empty((4, n), np.float32)
        for k in range(count):
            value, weight, given, marks = v[k], w[k], values[k, start : start + n], usable[k, start : start + n]
            for p in range(n):
                whole = abs(given[p]) < INF
                value[p] = given[p] if whole else ZERO
                weight[p] = ONE if marks[p] and whole else ZERO
        solve_block(v, w, lights, products, noise, robust, network, g, told)
        for p in range(n):
            if told[3, p] > ZERO:
                at = start + p
                size = np.sqrt(g[0, p] * g[0, p] + g[1, p] * g[1, p] + g[2, p] * g[2, p])
                normals[at, 0], normals[at, 1], normals[at, 2] = g[0, p] / size, g[1, p] / size, g[2, p] / size
                albedo[at], residual[at], predicted[at] = size, told[0, p], told[1, p]
                used[at], valid[at] = np.int32(told[2, p]), True
