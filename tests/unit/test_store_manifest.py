"""The manifest: what it holds, and what of others' it can read."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tetherlight.errors import ManifestNewer, SetNotFound, StoreError
from tetherlight.protocol.manifest import (
    MANIFEST,
    CameraRecord,
    ConfigRecord,
    FileRecord,
    Manifest,
    Plan,
    PlannedLight,
    StepRecord,
)
from tetherlight.protocol.models import ConfigEntry, ConfigType, JobState, StepState
from tetherlight.protocol.schema import manifest_schema
from tetherlight.store.manifest import read_manifest, read_raw_manifest, started_in, status_in, write_manifest

NOW = datetime(2026, 11, 22, 12, 0, 0, 250000, tzinfo=UTC)
ENTRY = ConfigEntry(
    name="iso",
    label="ISO",
    value="100",
    type=ConfigType.MENU,
    readonly=False,
    options=["100"],
    path="/main/iso",
    alias="iso",
)


def full() -> Manifest:
    file = FileRecord(
        filename="image_01_a.jpg", size=3, sha256="0" * 64, mimetype="image/jpeg", camera_name="IMG_1.JPG"
    )
    light = PlannedLight(name="a", direction=(0.0, 0.6, 0.8), settle_s=0.2, pin=4)
    step = StepRecord(
        index=1, light="a", state=StepState.DONE, direction=(0.0, 0.6, 0.8), on_at=NOW, off_at=NOW, captured_at=NOW,
        exposure={"iso": "100", "shutterspeed": "1/125"}, files=(file,), attempts=1, warnings=("dim",),
    )  # fmt: skip
    return Manifest(
        status=JobState.COMPLETED, job_id="job-1", started_at=NOW, finished_at=NOW, notes="n", rating=4, steps=(step,),
        camera=CameraRecord(model="Canon EOS 1300D", camera_id="c", serial="1", port="usb:001,002", lens="50 mm"),
        plan=Plan(lights=(light,), ambient=True, settle_s=0.5), config=(ConfigRecord.of(ENTRY),),
    )  # fmt: skip


def test_a_manifest_survives_a_write_and_a_read(tmp_path: Path) -> None:
    """Every field comes back as it was."""
    write_manifest(tmp_path, full())
    assert read_manifest(tmp_path) == full()


def test_what_stands_on_disk_is_plain(tmp_path: Path) -> None:
    """Schema version, software version, times in UTC as RFC 3339 writes them."""
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    write_manifest(tmp_path, full().model_copy(update={"started_at": NOW}))
    raw = json.loads((tmp_path / MANIFEST).read_text())
    assert raw["schema_version"] == 2
    assert raw["software"]["name"] == "tetherlight"
    assert raw["software"]["version"]
    assert raw["started_at"] == "2026-11-22T12:00:00.250000Z"
    assert raw["steps"][0]["files"][0]["sha256"] == "0" * 64
    assert raw["config"] == [{"name": "iso", "path": "/main/iso", "value": "100", "label": "ISO", "alias": "iso"}]
    assert Manifest(started_at=local).model_dump(mode="json")["started_at"] == "2026-11-22T12:00:00.250000Z"


def test_a_time_without_zone_is_refused() -> None:
    """Nobody could say later when that was."""
    with pytest.raises(ValidationError):
        Manifest(started_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def put(folder: Path, raw: object) -> None:
    (folder / MANIFEST).write_text(json.dumps(raw))


def test_fields_and_values_of_others_survive_at_every_level(tmp_path: Path) -> None:
    """Reading, changing and writing loses nothing of what this version does not know."""
    raw = json.loads(full().model_dump_json())
    raw |= {"extra": {"deep": [1]}, "status": "resting", "results": [{"kind": "normals"}], "copies": [{"to": "nas"}]}
    raw["camera"]["colour"] = raw["steps"][0]["new"] = raw["steps"][0]["files"][0]["blake3"] = "x"
    raw["steps"][0] |= {"state": "developing", "at": {"light": "a", "angle": [1.5, {"deep": None}]}}
    raw["plan"] |= {
        "on_failure": "ask",
        "axes": [{"axis": "angle", "values": [[0], None], "options": {"x": {}}, "y": 1}],
    }
    put(tmp_path, raw)
    write_manifest(tmp_path, read_manifest(tmp_path).model_copy(update={"rating": 1}))
    assert json.loads((tmp_path / MANIFEST).read_text()) == raw | {"rating": 1}


def test_a_newer_manifest_is_read_and_never_written(tmp_path: Path) -> None:
    """The error says which set, both versions, and what to do."""
    raw = json.loads(full().model_dump_json()) | {"schema_version": 7}
    put(tmp_path, raw)
    manifest = read_manifest(tmp_path)
    assert manifest.steps == full().steps
    with pytest.raises(ManifestNewer, match=rf"'{tmp_path.name}' has version 7.* writes version 2") as refused:
        write_manifest(tmp_path, manifest)
    assert "newer server" in str(refused.value.hint)
    assert json.loads((tmp_path / MANIFEST).read_text()) == raw


def test_the_published_schema_names_every_field_and_closes_none() -> None:
    """Whatever is written can be read by the schema, and so can what a newer version adds."""
    schema = manifest_schema()

    def walk(part: dict[str, Any], value: Any) -> None:
        choices = [part, *part.get("anyOf", [])]
        found = [schema["definitions"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in choices]
        for one in found:
            if isinstance(value, dict) and "properties" in one:
                assert one["additionalProperties"] is True
                assert value.keys() <= one["properties"].keys()
                for name, inner in value.items():
                    walk(one["properties"][name], inner)
            if isinstance(value, list) and isinstance(one.get("items"), dict):
                for inner in value:
                    walk(one["items"], inner)

    written = json.loads(full().model_dump_json())
    walk(schema, written)
    assert schema["definitions"]["StepRecord"]["properties"].keys() == written["steps"][0].keys()
    assert schema["properties"].keys() == written.keys()


def first_version() -> dict[str, Any]:
    """A manifest as version 1 wrote it."""
    raw: dict[str, Any] = json.loads(full().model_dump_json()) | {"schema_version": 1}
    for since in ("results", "copies", "places"):
        del raw[since]
    del raw["plan"]["axes"]
    raw["steps"].insert(0, raw["steps"][0] | {"index": 0, "light": None})
    for step in raw["steps"]:
        del step["at"]
    return raw


def test_version_1_is_read_as_a_plan_of_one_axis_and_stays_version_1(tmp_path: Path) -> None:
    """A change of it, such as a rating, writes no field that it had not."""
    put(tmp_path, first_version())
    manifest = read_manifest(tmp_path)
    assert manifest.plan is not None
    assert [(axis.axis, axis.values) for axis in manifest.plan.axes] == [("light", (None, "a"))]
    assert [step.at for step in manifest.steps] == [{"light": None}, {"light": "a"}]
    write_manifest(tmp_path, manifest.model_copy(update={"rating": 1}))
    assert json.loads((tmp_path / MANIFEST).read_text()) == first_version() | {"rating": 1}


def test_a_step_is_replaced_by_one_of_its_index() -> None:
    """Each change is a new value."""
    manifest = full()
    changed = manifest.with_step(manifest.steps[0].model_copy(update={"state": StepState.FAILED}))
    assert changed.steps[0].state is StepState.FAILED
    assert manifest.steps[0].state is StepState.DONE


def test_the_image_of_a_step_is_its_jpeg() -> None:
    """Else the first file, else none."""
    raw, jpeg = (FileRecord(filename=f"a{end}", size=1, sha256="", mimetype="") for end in (".cr2", ".jpg"))
    assert StepRecord(index=1, light=None, files=(raw, jpeg)).image == jpeg
    assert StepRecord(index=1, light=None, files=(raw,)).image == raw
    assert StepRecord(index=1, light=None).image is None


def test_a_missing_manifest_is_told_from_a_broken_one(tmp_path: Path) -> None:
    """Only a broken one is an error of the disk."""
    assert read_raw_manifest(tmp_path) is None
    with pytest.raises(SetNotFound):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text('{"steps": [{"index": "x"}]}')
    with pytest.raises(StoreError, match=r"broken at 'steps\.0\."):
        read_manifest(tmp_path)


def test_a_linked_manifest_is_not_followed(tmp_path: Path) -> None:
    """It could lead out of the captures."""
    (tmp_path / "secret").write_text("{}")
    (tmp_path / MANIFEST).symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError):
        read_raw_manifest(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
FIELDS = st.sampled_from([*Manifest.model_fields, "other"])


def test_a_number_that_json_does_not_have_is_written_as_null(tmp_path: Path) -> None:
    """Python reads and writes Infinity; nobody else has to."""
    (tmp_path / MANIFEST).write_text('{"software": {"other": Infinity}}')
    write_manifest(tmp_path, read_manifest(tmp_path))
    assert json.loads((tmp_path / MANIFEST).read_text())["software"]["other"] is None


@settings(max_examples=150, deadline=None)
@given(raw=st.dictionaries(FIELDS, JSON, max_size=8))
def test_any_json_is_read_or_called_broken(raw: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    """No content of a manifest raises anything but a StoreError, and what a list needs is always found or None."""
    folder = tmp_path_factory.mktemp("manifest")
    (folder / MANIFEST).write_text(json.dumps(raw))
    found = read_raw_manifest(folder)
    status_in(found)
    started_in(found)
    try:
        manifest = read_manifest(folder)
    except StoreError:
        return
    try:
        write_manifest(folder, manifest)
    except ManifestNewer:
        assert manifest.schema_version > 2
    assert read_manifest(folder) == manifest
