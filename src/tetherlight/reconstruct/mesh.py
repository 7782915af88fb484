"""A surface as a mesh for viewing: a grid of few triangles, as PLY with colours and as glTF with the albedo on it.

The axes are those of the normals: x right, y up, z to the camera; the origin is the middle of the image.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tetherlight.files.durable import store_errors, write_atomically
from tetherlight.protocol.manifest import Software
from tetherlight.reconstruct.options import MESH_LONGEST
from tetherlight.reconstruct.pictures import jpeg
from tetherlight.reconstruct.views import FOLDER

Floats = NDArray[np.float32]
PLY, GLB = "mesh.ply", "mesh.glb"
_MM_PER_M = 1000.0
_FLOAT, _UINT = 5126, 5125
_VERTICES, _INDICES = 34962, 34963
_CLAMP, _LINEAR = 33071, 9729
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_GLTF = 0x46546C67
_VERTEX = np.dtype([("place", "<f4", 3), ("normal", "<f4", 3), ("colour", "u1", 3)])
_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])

_SCENE: dict[str, Any] = {
    "scene": 0,
    "scenes": [{"nodes": [0]}],
    "nodes": [{"mesh": 0, "name": "surface"}],
    "meshes": [{"primitives": [{
        "attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}, "indices": 3, "material": 0}]}],
    "materials": [{
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.9},
        "doubleSided": True}],
    "textures": [{"source": 0, "sampler": 0}],
    "samplers": [{"magFilter": _LINEAR, "minFilter": _LINEAR, "wrapS": _CLAMP, "wrapT": _CLAMP}],
    "images": [{"bufferView": 4, "mimeType": "image/jpeg"}],
}  # fmt: skip
"""What is the same in every file."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles between pixels of a height map."""

    places: Floats
    """(N, 3), in pixels of the height map."""
    normals: Floats
    """(N, 3)"""
    shares: Floats
    """(N, 2): the place in the image from its upper left corner, 0 to 1."""
    triangles: NDArray[np.uint32]
    """(M, 3), each counterclockwise as the camera sees it."""
    width: int
    """Pixels of the height map from left to right."""


def mesh_of(height: Floats, normals: Floats, valid: NDArray[np.bool_], longest: int = MESH_LONGEST) -> Mesh:
    """Return the mesh of a height map (H, W) in pixels with normals (H, W, 3), where both are valid (H, W)."""
    step = max(1, -(-max(height.shape) // longest))
    rows, columns = (np.arange(step // 2, edge, step) for edge in height.shape)
    grid = np.ix_(rows, columns)
    known = valid[grid] & np.isfinite(height[grid])
    triangles = _triangles(known)
    used, corners = np.unique(triangles, return_inverse=True)
    down, right = rows[used // len(columns)], columns[used % len(columns)]
    tall, wide = height.shape
    places = np.stack([right - (wide - 1) / 2, (tall - 1) / 2 - down, height[down, right]], axis=-1)
    vectors = normals[down, right]
    length = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-9))
    return Mesh(
        places=places.astype(np.float32),
        normals=np.asarray(vectors / length, np.float32),
        shares=np.stack([(right + 0.5) / wide, (down + 0.5) / tall], axis=-1).astype(np.float32),
        triangles=corners.reshape(-1, 3).astype(np.uint32),
        width=wide,
    )


def _triangles(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the triangles (M, 3) between the places of a grid that are known, by their numbers row by row."""
    places = np.arange(known.size).reshape(known.shape)
    corners = [(slice(None, -1), slice(None, -1)), (slice(None, -1), slice(1, None)),
               (slice(1, None), slice(None, -1)), (slice(1, None), slice(1, None))]  # fmt: skip
    a, b, c, d = (places[at] for at in corners)
    has_a, has_b, has_c, has_d = (known[at] for at in corners)
    found = [
        # Squares along the diagonal from b to c, and where one of these two is missing along the other one.
        _corners(a, c, b, has_a & has_b & has_c),
        _corners(b, c, d, has_b & has_c & has_d),
        _corners(a, c, d, has_a & ~has_b & has_c & has_d),
        _corners(a, d, b, has_a & has_b & ~has_c & has_d),
    ]
    return np.concatenate(found)


def _corners(one: Any, two: Any, three: Any, there: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.stack([one[there], two[there], three[there]], axis=-1)


def write_meshes(into: Path, mesh: Mesh, mm_per_pixel: float | None) -> None:
    """Write a mesh beside the other files of a surface; one without triangles is none. Raise StoreError and DiskFull.

    PLY is in the unit of height.tiff: mm, or pixels. glTF is in metres; where nobody knows how large a pixel is, the
    image is one unit wide.
    """
    if not mesh.triangles.size:
        return
    with Image.open(into / FOLDER / "albedo.png") as image:
        colours = np.asarray(image.convert("RGB"))
    metre = 1 / mesh.width if mm_per_pixel is None else mm_per_pixel / _MM_PER_M
    with store_errors("The mesh could not be written"):
        write_atomically(into / PLY, _ply(mesh, colours, mm_per_pixel))
        write_atomically(into / GLB, _glb(mesh, jpeg(colours), metre))


def _ply(mesh: Mesh, colours: NDArray[np.uint8], mm_per_pixel: float | None) -> bytes:
    tall, wide = colours.shape[:2]
    right = np.minimum((mesh.shares[:, 0] * wide).astype(np.intp), wide - 1)
    down = np.minimum((mesh.shares[:, 1] * tall).astype(np.intp), tall - 1)
    vertices = np.empty(len(mesh.places), _VERTEX)
    vertices["place"] = mesh.places * np.float32(mm_per_pixel or 1.0)
    vertices["normal"], vertices["colour"] = mesh.normals, colours[down, right]
    faces = np.empty(len(mesh.triangles), _FACE)
    faces["count"], faces["corners"] = 3, mesh.triangles
    head = [
        "ply", "format binary_little_endian 1.0",
        f"comment unit {'pixels' if mm_per_pixel is None else 'mm'}; x right, y up, z to the camera",
        f"element vertex {len(vertices)}",
        *(f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")),
        *(f"property uchar {name}" for name in ("red", "green", "blue")),
        f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", "",
    ]  # fmt: skip
    return "\n".join(head).encode("ascii") + vertices.tobytes() + faces.tobytes()


def _glb(mesh: Mesh, texture: bytes, metre: float) -> bytes:
    """Return a glTF 2.0 with all in one file; depth lies around zero, so that viewers turn it well."""
    places = mesh.places.copy()
    places[:, 2] -= (places[:, 2].min() + places[:, 2].max()) / 2
    places *= np.float32(metre)
    parts = [places.tobytes(), mesh.normals.tobytes(), mesh.shares.tobytes(), mesh.triangles.tobytes(), texture]
    starts = np.cumsum([0, *(len(part) + -len(part) % 4 for part in parts)]).tolist()
    views: list[dict[str, int]] = [
        {"buffer": 0, "byteOffset": start, "byteLength": len(part)}
        for start, part in zip(starts[:-1], parts, strict=True)
    ]
    for view, target in zip(views, (_VERTICES, _VERTICES, _VERTICES, _INDICES), strict=False):
        view["target"] = target
    ends = {"min": places.min(axis=0).tolist(), "max": places.max(axis=0).tolist()}
    accessors = [
        _accessor(0, len(places), "VEC3") | ends,
        _accessor(1, len(places), "VEC3"),
        _accessor(2, len(places), "VEC2"),
        _accessor(3, mesh.triangles.size, "SCALAR", _UINT),
    ]
    told = _SCENE | {"accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": starts[-1]}]}
    told["asset"] = {"version": "2.0", "generator": " ".join(dict(Software()).values())}
    text = json.dumps(told).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(part + bytes(-len(part) % 4) for part in parts)
    head = struct.pack("<III", _GLTF, 2, 12 + 8 + len(text) + 8 + len(body))
    return head + struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(body), _BIN) + body


def _accessor(view: int, count: int, kind: str, component: int = _FLOAT) -> dict[str, Any]:
    return {"bufferView": view, "componentType": component, "count": count, "type": kind}
