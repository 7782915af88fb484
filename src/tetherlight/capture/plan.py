"""The plan of a photometric set: what is checked and written down before the first light moves."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tetherlight.errors import InvalidPayload
from tetherlight.manifest import (
    LIGHT,
    AxisRecord,
    CameraRecord,
    ConfigRecord,
    Manifest,
    Plan,
    PlannedLight,
    StepRecord,
)
from tetherlight.models import CameraStatus, ConfigEntry, ConfigType, JobState, LightInfo
from tetherlight.protocol.sets import CapturePhotometricSet

MAX_STEPS = 1000
LOCKED = ("shutterspeed", "aperture", "iso", "whitebalance", "imageformat")
"""Settings that every frame of a set must share, by their common names."""


def check_sequence(lights: Sequence[str]) -> None:
    """Refuse a sequence without lights, or with more than a set may have."""
    if not lights:
        raise InvalidPayload("Field 'light_sequence' of CAPTURE_PHOTOMETRIC_SET: it must name at least one light.")
    if len(lights) > MAX_STEPS:
        raise InvalidPayload(f"Field 'light_sequence' of CAPTURE_PHOTOMETRIC_SET: at most {MAX_STEPS} lights.")


def plan_set(
    wanted: CapturePhotometricSet,
    *,
    job_id: str,
    lights: Sequence[LightInfo],
    settle_s: float,
    camera: CameraStatus,
    config: Sequence[ConfigEntry],
) -> Manifest:
    """Write down a set before its first step; `settle_s` is for lights that have no time of their own."""
    steps = [_step(number, light, settle_s) for number, light in enumerate(lights, start=1)]
    if wanted.ambient:
        steps.insert(0, StepRecord(index=0, light=None, at={LIGHT: None}, settle_s=settle_s))
    return Manifest(
        status=JobState.RUNNING,
        job_id=job_id,
        started_at=datetime.now(UTC),
        camera=CameraRecord(
            model=camera.model, camera_id=camera.camera_id, serial=camera.serial, port=camera.port, lens=camera.lens
        ),
        plan=Plan(
            axes=(AxisRecord(axis=LIGHT, values=tuple(step.light for step in steps)),),
            lights=tuple(_planned(light) for light in lights),
            ambient=wanted.ambient,
            settle_s=settle_s,
            on_failure=wanted.on_failure,
            exposure=locked_values(config),
        ),
        steps=tuple(steps),
        notes=wanted.notes,
        catalogue_number=wanted.catalogue_number or None,
        scale_mm_per_pixel=wanted.scale_mm_per_pixel or None,
        config=tuple(ConfigRecord.of(entry) for entry in config if entry.type is not ConfigType.BUTTON),
    )


def locked_values(config: Sequence[ConfigEntry]) -> dict[str, str]:
    """Return the settings that must not change within a set, by their common names."""
    by_alias = {entry.alias or entry.name: entry for entry in config}
    return {name: str(by_alias[name].value) for name in LOCKED if name in by_alias}


def step_stem(step: StepRecord) -> str:
    """Return the name of a step's images without extension."""
    return f"image_{step.index:02d}_{step.light or 'ambient'}"


def _step(number: int, light: LightInfo, settle_s: float) -> StepRecord:
    return StepRecord(
        index=number,
        light=light.name,
        at={LIGHT: light.name},
        direction=light.direction,
        position=light.position,
        settle_s=settle_s if light.settle_s is None else light.settle_s,
    )


def _planned(light: LightInfo) -> PlannedLight:
    return PlannedLight(
        name=light.name, direction=light.direction, position=light.position, settle_s=light.settle_s, pin=light.pin
    )
