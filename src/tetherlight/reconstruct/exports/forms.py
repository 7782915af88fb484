"""Forms that are the images and a few lines of text: light files, Meshroom, COLMAP, universal methods, BagIt."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import quote

import numpy as np

from tetherlight.files.lp import lp_text
from tetherlight.pixels.decode import decode
from tetherlight.pixels.png import write_png
from tetherlight.reconstruct.exports.material import Material
from tetherlight.reconstruct.exports.target import Target
from tetherlight.store.contents import belongings

FACTS = "tetherlight.json"
"""What has no place in the form of the other tool."""
SENSOR_MM = 36.0
FOCAL_SHARE = 1.2
"""Of the longer edge: the focal length in pixels that COLMAP begins with where none is known."""


def export_lp(material: Material, target: Target) -> None:
    """Write the lit images with a light file, as RTIBuilder and others open them."""
    lights = material.need_lights()
    for name, _ in lights:
        target.original(PurePosixPath(name).name, name)
    target.write(f"{material.name}.lp", lp_text((PurePosixPath(name).name, vector) for name, vector in lights))
    target.write_json(FACTS, material.facts())


def export_relightlab(material: Material, target: Target) -> None:
    """Write the same, with the planes where they were made: Relight opens the folder, OpenLIME the planes."""
    export_lp(material, target)
    place = material.folder / "results" / "relight"
    for path in sorted(place.glob("*.jpg")) + sorted(place.glob("info.json")):
        target.original(f"rti/{path.name}", str(path.relative_to(material.folder)))


def export_meshroom(material: Material, target: Target) -> None:
    """Write an SfMData file: a view for each light, all with one pose and one intrinsic, and the lights as JSON.

    The lights have the axes of AliceVision's cameras: x right, y down, z away from the camera.
    """
    pose, intrinsic = "1", "1"
    views, lights = [], []
    for number, one in enumerate(material.images, start=1):
        name = f"images/{PurePosixPath(one.filename).name}"
        target.original(name, one.filename)
        view = str(1000 + number)
        views.append({
            "viewId": view, "poseId": pose, "frameId": str(number), "intrinsicId": intrinsic,
            "resectionId": "", "path": name, "width": str(material.width), "height": str(material.height),
            "metadata": {"tetherlight:light": one.light or "", "tetherlight:mm_per_pixel": str(material.scale or "")},
        })  # fmt: skip
        if one.direction is not None:
            x, y, z = one.direction
            lights.append({
                "viewId": view, "type": "directional", "direction": [str(x), str(-y), str(-z)],
                "intensity": [str(one.intensity)] * 3,
            })  # fmt: skip
    focal = FOCAL_SHARE * max(material.width, material.height) * SENSOR_MM / material.width
    scene = {
        "version": ["1", "2", "6"],
        "featuresFolders": [],
        "matchesFolders": [],
        "views": views,
        "intrinsics": [{
            "intrinsicId": intrinsic, "width": str(material.width), "height": str(material.height),
            "sensorWidth": str(SENSOR_MM), "sensorHeight": str(SENSOR_MM * material.height / material.width),
            "serialNumber": material.name, "type": "pinhole", "initializationMode": "unknown",
            "initialFocalLength": "-1", "focalLength": str(focal), "pixelRatio": "1", "pixelRatioLocked": "true",
            "principalPoint": ["0", "0"], "distortionInitializationMode": "none", "distortionParams": "",
            "undistortionOffset": ["0", "0"], "undistortionParams": "", "locked": "false",
        }],
        "poses": [{
            "poseId": pose,
            "pose": {
                "transform": {"rotation": ["1", "0", "0", "0", "1", "0", "0", "0", "1"], "center": ["0", "0", "0"]},
                "locked": "1",
            },
        }],
    }  # fmt: skip
    target.write_json("cameraInit.sfm", scene)
    if lights:
        target.write_json("lights.json", {"lights": lights})
        target.write(f"{material.name}.lp", lp_text((PurePosixPath(n).name, v) for n, v in material.need_lights()))
    target.write_json(FACTS, material.facts())


def export_lino(material: Material, target: Target) -> None:
    """Write what universal photometric-stereo methods read: a folder of images whose names begin with L, and a mask."""
    place = f"{material.name}.data"
    for number, one in enumerate(material.images, start=1):
        suffix = PurePosixPath(one.filename).suffix.lower()
        target.original(f"{place}/L{number:03d}{suffix}", one.filename)
    mask = np.full((material.height, material.width), 255, np.uint8)
    made = material.result("mask.png")
    if made is not None and (found := decode(made, material.within, gray=True)).shape == mask.shape:
        mask = found.astype(np.uint8)
    write_png(target.place(f"{place}/mask.png"), mask)
    target.write_json(FACTS, material.facts())


def export_colmap(material: Material, target: Target) -> None:
    """Write a text model of COLMAP: one camera, one pose for all images, no points."""
    width, height = material.width, material.height
    names = []
    for one in material.images:
        names.append(PurePosixPath(one.filename).name)
        target.original(f"images/{names[-1]}", one.filename)
    focal = FOCAL_SHARE * max(width, height)
    target.write(
        "sparse/0/cameras.txt",
        "# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n"
        f"1 SIMPLE_PINHOLE {width} {height} {focal:g} {width / 2:g} {height / 2:g}\n",
    )
    lines = [f"{number} 1 0 0 0 0 0 0 1 {name}\n\n" for number, name in enumerate(names, start=1)]
    head = "# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME\n# POINTS2D[] as (X, Y, POINT3D_ID)\n"
    target.write("sparse/0/images.txt", head + "".join(lines))
    target.write("sparse/0/points3D.txt", "# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n")
    target.write_json(FACTS, material.facts())


def export_bagit(material: Material, target: Target) -> None:
    """Write all that belongs to the set as a bag (RFC 8493) with sha256 manifests."""
    sums, total = {}, 0
    for one in belongings(material.folder, "all", material.within):
        name = f"data/{one.name}"
        if one.made is not None:
            target.write(name, one.made)
            sums[name], size = hashlib.sha256(one.made).hexdigest(), len(one.made)
        else:
            sums[name], size = target.original(name, one.name)
        total += size
    info = {
        "Bag-Software-Agent": str(material.facts()["software"]),
        "Bagging-Date": datetime.now(UTC).date().isoformat(),
        "External-Identifier": str(material.facts()["catalogue_number"] or material.name),
        "External-Description": f"Photometric image set {material.name}",
        "Payload-Oxum": f"{total}.{len(sums)}",
    } | ({"Scale-Millimetres-Per-Pixel": f"{material.scale:g}"} if material.scale else {})
    tags = {
        "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "".join(f"{key}: {' '.join(value.split())}\n" for key, value in info.items()),
        "manifest-sha256.txt": _sums(sums),
    }
    for name, content in tags.items():
        target.write(name, content)
    target.write(
        "tagmanifest-sha256.txt",
        _sums({name: hashlib.sha256(content.encode()).hexdigest() for name, content in tags.items()}),
    )


def _sums(sums: Mapping[str, str]) -> str:
    # In a manifest a percent sign and ends of lines are escaped (RFC 8493, 2.1.3).
    def escaped(name: str) -> str:
        return "".join(quote(sign, safe="") if sign in "%\r\n" else sign for sign in name)

    return "".join(f"{total}  {escaped(name)}\n" for name, total in sorted(sums.items()))
