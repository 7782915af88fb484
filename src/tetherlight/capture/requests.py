"""What requests ask for, as plans and as the first state of a manifest."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from tetherlight.camera.camera import Camera
from tetherlight.capture.axes.axis import Axis
from tetherlight.capture.axes.light import LightAxis
from tetherlight.capture.axes.registry import planned_axis
from tetherlight.capture.locked import locked_values
from tetherlight.capture.plan import Plan
from tetherlight.errors import InvalidPayload
from tetherlight.lights.lamps import ON
from tetherlight.protocol.axes import MAX_VALUES, AxisPlan, exposure_axis
from tetherlight.protocol.captures import MAX_SERIES, CaptureSeries
from tetherlight.protocol.manifest import LIGHT, CameraRecord, ConfigRecord, Manifest, PlannedLight
from tetherlight.protocol.manifest import Plan as PlanRecord
from tetherlight.protocol.models import ConfigEntry, ConfigType, JobState, LightInfo
from tetherlight.protocol.sets import CapturePhotometricSet, CaptureSet


def set_plan(wanted: CapturePhotometricSet | CaptureSet) -> Plan:
    """Return the plan of a set; raise InvalidPayload."""
    if isinstance(wanted, CaptureSet):
        return Plan.of(wanted.axes)
    check_sequence(wanted.light_sequence)
    lights: list[JsonValue] = [*([None] if wanted.ambient else []), *wanted.light_sequence]
    axes: list[Axis] = [LightAxis.planned(AxisPlan(axis=LIGHT, values=lights, levels=wanted.levels))]
    if wanted.focus is not None:
        axes.insert(0, planned_axis(wanted.focus.axis()))
    if wanted.exposure is not None:
        axes.append(planned_axis(exposure_axis(wanted.exposure)))
    return Plan(axes).checked(MAX_VALUES + wanted.ambient)


def check_sequence(lights: Sequence[str]) -> None:
    """Refuse a sequence without lights, or with more than a set may have."""
    if not lights:
        raise InvalidPayload("Field 'light_sequence' of CAPTURE_PHOTOMETRIC_SET: it must name at least one light.")
    if len(lights) > MAX_VALUES:
        raise InvalidPayload(f"Field 'light_sequence' of CAPTURE_PHOTOMETRIC_SET: at most {MAX_VALUES} lights.")


def series_plan(wanted: CaptureSeries) -> Plan:
    """Return the plan of a series: rounds, of one exposure or of one for each value of a config entry."""
    rounds = AxisPlan(axis="repeat", count=wanted.count)
    if wanted.interval_s:
        rounds = AxisPlan(axis="time", count=wanted.count, step=wanted.interval_s)
    axes = [rounds]
    if wanted.focus is not None:
        axes.append(wanted.focus.axis())
    if wanted.bracket is not None:
        values = list[JsonValue](wanted.bracket.values)
        axes.append(AxisPlan(axis="setting", name=wanted.bracket.config_name, values=values))
    if wanted.exposure is not None:
        axes.append(exposure_axis(wanted.exposure))
    plan = Plan([planned_axis(axis) for axis in axes])
    if plan.size > MAX_SERIES:
        raise InvalidPayload(
            f"Field 'count' of CAPTURE_SERIES: {wanted.count} brackets of {plan.size // wanted.count} are {plan.size} "
            f"exposures; at most {MAX_SERIES} are allowed."
        )
    return plan


def planned_light(light: LightInfo, level: float | None = None) -> PlannedLight:
    """Return what a manifest keeps of a light, which is as bright as it was last where no level is given."""
    level = light.on_level if level is None else level
    return PlannedLight(
        name=light.name,
        direction=light.direction,
        position=light.position,
        settle_s=light.settle_s,
        level=None if level == ON else level,
        pin=light.pin,
        intensity=light.intensity,
        calibrated_at=light.calibrated_at,
    )


def set_record(
    wanted: CapturePhotometricSet | CaptureSet,
    plan: Plan,
    *,
    lights: Sequence[LightInfo],
    settle_s: float,
    config: Sequence[ConfigEntry],
) -> PlanRecord:
    """Write down a set's plan, but for its axes; `settle_s` is for lights that have no time of their own."""
    position = plan.position(LIGHT)
    axis = None if position is None else plan.axes[position]
    levels = axis.levels if isinstance(axis, LightAxis) else {}
    return PlanRecord(
        lights=tuple(planned_light(light, levels.get(light.name)) for light in lights),
        ambient=position is not None and None in plan.axes[position].values,
        settle_s=settle_s,
        on_failure=wanted.on_failure,
        retakes=wanted.retakes,
        trigger=wanted.trigger,
        metering=wanted.metering,
        exposure=locked_values(config),
    )


def first_manifest(job_id: str, plan: Plan, record: PlanRecord, camera: Camera) -> Manifest:
    """Write down a plan before its first step."""
    status = camera.status()
    return Manifest(
        status=JobState.RUNNING,
        job_id=job_id,
        started_at=datetime.now(UTC),
        camera=CameraRecord(
            model=status.model, camera_id=status.camera_id, serial=status.serial, port=status.port, lens=status.lens
        ),
        plan=record.model_copy(update={"axes": tuple(axis.record() for axis in plan.axes)}),
        steps=plan.steps(record),
    )


def with_notes(
    manifest: Manifest, wanted: CapturePhotometricSet | CaptureSet, config: Sequence[ConfigEntry]
) -> Manifest:
    """Return the manifest with what people note about the set, and the camera's whole config."""
    return manifest.model_copy(
        update={
            "notes": wanted.notes,
            "catalogue_number": wanted.catalogue_number or None,
            "scale_mm_per_pixel": wanted.scale_mm_per_pixel or None,
            "config": tuple(ConfigRecord.of(entry) for entry in config if entry.type is not ConfigType.BUTTON),
        }
    )
