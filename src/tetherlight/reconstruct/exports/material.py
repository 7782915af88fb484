"""What a set has for an export: its images in their order, their lights, and what people noted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tetherlight.errors import SurfaceError
from tetherlight.files.lp import Vector
from tetherlight.pixels.look import look
from tetherlight.protocol.manifest import Manifest, Software
from tetherlight.reconstruct.frames import Frames
from tetherlight.reconstruct.inputs import find_inputs
from tetherlight.reconstruct.options import Options
from tetherlight.store.manifest import manifest_of, read_raw_manifest

RESULTS = "results"


@dataclass(frozen=True)
class Lit:
    """An image and its light."""

    filename: str
    light: str | None
    direction: Vector | None
    """Unit vector to the light: x right, y up, z to the camera."""
    intensity: float = 1.0


@dataclass(frozen=True)
class Material:
    """A set as exports see it."""

    folder: Path
    within: Path
    images: tuple[Lit, ...]
    ambient: str | None
    width: int
    height: int
    manifest: Manifest | None
    lights_unknown: SurfaceError | None
    """Why the directions are not known."""

    @classmethod
    def of(cls, folder: Path, within: Path) -> "Material":
        """Look what a folder has; raise SetNotFound, SetBusy, ImageNotFound, ImageUnreadable, ShapesDiffer."""
        raw = read_raw_manifest(folder, within) if folder.is_dir() else None
        unknown, ambient = None, None
        try:
            inputs = find_inputs(folder, Options(), within)
        except SurfaceError as error:
            unknown = error
            images = tuple(Lit(one.filename, one.light, None) for one in Frames.of(folder, within).images)
        else:
            images = tuple(Lit(one.name, one.light, one.vector, one.intensity) for one in inputs.frames)
            ambient = inputs.ambient
        shape = look(folder / images[0].filename, within).shape(gray=True)
        manifest = None if raw is None else manifest_of(raw)
        return cls(folder, within, images, ambient, shape[1], shape[0], manifest, unknown)

    @property
    def name(self) -> str:
        """The set's name."""
        return self.folder.name

    @property
    def scale(self) -> float | None:
        """Millimetres per pixel."""
        return None if self.manifest is None else self.manifest.scale_mm_per_pixel

    def need_lights(self) -> list[tuple[str, Vector]]:
        """Return each image with the direction of its light; raise what says why they are not known."""
        if self.lights_unknown is not None:
            raise self.lights_unknown.again()
        return [(one.filename, one.direction) for one in self.images if one.direction is not None]

    def result(self, name: str) -> Path | None:
        """Return a file of the results, None where it is not there."""
        path = self.folder / RESULTS / name
        return path if path.is_file() and not path.is_symlink() else None

    def facts(self) -> Mapping[str, Any]:
        """Return what other tools have no place for."""
        manifest, software = self.manifest, Software()
        return {
            "name": self.name,
            "catalogue_number": None if manifest is None else manifest.catalogue_number,
            "notes": None if manifest is None else manifest.notes,
            "captured_at": None if manifest is None or manifest.started_at is None else manifest.started_at.isoformat(),
            "camera": None if manifest is None or manifest.camera is None else manifest.camera.model,
            "scale_mm_per_pixel": self.scale,
            "directions": "unit vectors to the light: x right, y up, z to the camera",
            "lights": [
                {"filename": one.filename, "light": one.light, "direction": one.direction, "intensity": one.intensity}
                for one in self.images
            ],
            "ambient": self.ambient,
            "software": f"{software.name} {software.version}",
        }
