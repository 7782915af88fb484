"""Meshes of surfaces: which triangles there are, and what the files hold."""

import json
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from support.image_sets import Bump
from tetherlight.reconstruct.mesh import GLB, PLY, Mesh, mesh_of, write_meshes

BUMP = Bump()
HEIGHT, NORMALS = BUMP.height.astype(np.float32), BUMP.normals.astype(np.float32)
EVERYWHERE = np.ones(BUMP.height.shape, bool)
UP = np.array([0, 0, 1], np.float32)
HEAD_END = b"end_header\n"


def written(tmp_path: Path, mesh: Mesh, mm_per_pixel: float | None = None) -> Path:
    """Write a mesh with a gray albedo that is bright on the right; return its folder."""
    (tmp_path / "view").mkdir()
    shades = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    Image.fromarray(shades).save(tmp_path / "view" / "albedo.png")
    write_meshes(tmp_path, mesh, mm_per_pixel)
    return tmp_path


def gltf_in(folder: Path) -> tuple[dict[str, list[dict[str, int]]], bytes]:
    """Return the description and the bytes of a glTF."""
    content = (folder / GLB).read_bytes()
    magic, number, length, told, kind = struct.unpack_from("<IIIII", content)
    assert (magic, number, length, kind) == (0x46546C67, 2, len(content), 0x4E4F534A)
    size, body_kind = struct.unpack_from("<II", content, 20 + told)
    assert (20 + told + 8 + size, body_kind) == (len(content), 0x004E4942)
    return json.loads(content[20 : 20 + told]), content[28 + told :]


def numbers(told: dict[str, list[dict[str, int]]], body: bytes, index: int, width: int) -> NDArray[np.float32]:
    """Return what an accessor of floats gives."""
    accessor = told["accessors"][index]
    view = told["bufferViews"][accessor["bufferView"]]
    return np.frombuffer(body, "<f4", accessor["count"] * width, view["byteOffset"]).reshape(-1, width)


def test_triangles_show_their_front_to_the_camera_and_lean_as_the_normals_do() -> None:
    mesh = mesh_of(HEIGHT, NORMALS, EVERYWHERE)
    one, two, three = (mesh.places[mesh.triangles[:, corner]] for corner in range(3))
    across = np.cross(two - one, three - one)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    assert (across[:, 2] > 0).all()
    leaning = mesh.normals[mesh.triangles].mean(axis=1)
    assert np.median((across * leaning).sum(axis=-1)) > 0.99


def test_a_large_map_gives_as_many_vertices_along_its_edge_as_are_wanted_and_no_more() -> None:
    height = np.zeros((90, 200), np.float32)
    mesh = mesh_of(height, np.broadcast_to(UP, (90, 200, 3)), np.ones((90, 200), bool), longest=50)
    assert len(mesh.places) == 22 * 50
    assert len(mesh.triangles) == 2 * 21 * 49
    assert np.abs(mesh.places[:, 0]).max() < 100


def test_where_nothing_is_known_there_is_no_triangle_and_borders_are_cut_by_halves_of_squares() -> None:
    known = np.ones((4, 4), bool)
    known[0, 0] = known[3, 3] = known[0, 3] = known[3, 0] = False
    up = np.broadcast_to(UP, (4, 4, 3))
    mesh = mesh_of(np.zeros((4, 4), np.float32), up, known)
    assert len(mesh.triangles) == 2 * 5 + 4
    assert len(mesh.places) == 12
    holes = np.full((4, 4), np.nan, np.float32)
    assert mesh_of(holes, up, np.ones((4, 4), bool)).triangles.size == 0


def test_a_ply_has_the_unit_of_the_height_map_and_the_colours_of_the_albedo(tmp_path: Path) -> None:
    mesh = mesh_of(HEIGHT, NORMALS, EVERYWHERE)
    head, _, body = (written(tmp_path, mesh, 0.5) / PLY).read_bytes().partition(HEAD_END)
    assert b"comment unit mm" in head
    assert f"element vertex {len(mesh.places)}".encode() in head
    vertex = np.dtype([("place", "<f4", 3), ("normal", "<f4", 3), ("colour", "u1", 3)])
    vertices = np.frombuffer(body, vertex, len(mesh.places))
    np.testing.assert_allclose(vertices["place"], mesh.places * 0.5)
    right = vertices["place"][:, 0] > 0
    assert vertices["colour"][right].mean() > 100 + vertices["colour"][~right].mean()
    assert len(body) == len(mesh.places) * 27 + len(mesh.triangles) * 13


def test_a_gltf_is_in_metres_around_its_middle_with_the_albedo_as_its_texture(tmp_path: Path) -> None:
    mesh = mesh_of(HEIGHT, NORMALS, EVERYWHERE)
    told, body = gltf_in(written(tmp_path, mesh, 0.5))
    places = numbers(told, body, 0, 3)
    np.testing.assert_allclose(np.ptp(places, axis=0), np.ptp(mesh.places, axis=0) * 0.0005, rtol=1e-4)
    np.testing.assert_allclose(told["accessors"][0]["min"], places.min(axis=0))
    assert abs(float(places[:, 2].min() + places[:, 2].max())) < 1e-6
    shares = numbers(told, body, 2, 2)
    assert shares.min() > 0
    assert shares.max() < 1
    view = told["bufferViews"][4]
    texture = body[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    (tmp_path / "texture.jpg").write_bytes(texture)
    with Image.open(tmp_path / "texture.jpg") as image:
        assert (image.size, image.mode) == ((64, 48), "RGB")


def test_without_a_scale_the_image_is_one_unit_wide_and_a_surface_of_nothing_has_no_mesh(tmp_path: Path) -> None:
    mesh = mesh_of(HEIGHT, NORMALS, EVERYWHERE)
    told, body = gltf_in(written(tmp_path, mesh))
    assert abs(float(np.ptp(numbers(told, body, 0, 3)[:, 0])) - 1) < 0.05
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    folder = written(nothing, mesh_of(HEIGHT, NORMALS, ~EVERYWHERE))
    assert not (folder / PLY).exists()
    assert not (folder / GLB).exists()
