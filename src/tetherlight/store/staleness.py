"""Which results of a set do not fit to it any more: told by checksums of its manifest, no image is read."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from tetherlight.protocol.sets import StaleResult

CALIBRATION = "calibration"
"""The kind of what was measured of the lights in a set itself."""
BY_MANIFEST = "manifest"
"""The parameter `lights_source` of what was made with the lights that the manifest knows."""
SHOWN = 3
"""Images that a sentence names."""


def kinds_in(raw: Mapping[str, Any] | None) -> list[str]:
    """Return the kinds of results that a raw manifest lists, each once."""
    return list(dict.fromkeys(one["kind"] for one in _results(raw) if isinstance(one.get("kind"), str)))


def stale_in(raw: Mapping[str, Any] | None) -> list[StaleResult]:
    """Return the results that a raw manifest lists and that were made of other images, scale or lights."""
    results = list(_results(raw))
    if raw is None or not results:
        return []
    now, replaced = _files(raw)
    scale, calibrated = raw.get("scale_mm_per_pixel"), _calibrated_at(results)
    return [
        found for one in results if (found := _stale(one, now, replaced, scale) or _with_other_lights(one, calibrated))
    ]


def _stale(
    result: Mapping[str, Any], now: Mapping[str, str], replaced: frozenset[str], scale: object
) -> StaleResult | None:
    inputs = result.get("inputs")
    changed = []
    if isinstance(inputs, dict):
        # What the manifest never knew, such as a light file, says nothing.
        changed = [name for name, sum_ in inputs.items() if now.get(name, sum_) != sum_ or name in replaced - set(now)]
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        names = ", ".join(f"'{name}'" for name in changed[:SHOWN])
        return _told(result, "images", changed, f"{names}{more} was taken again after this was made; make it again.")
    if "scale_mm_per_pixel" in result and (result["scale_mm_per_pixel"] or None) != (scale or None):
        return _told(result, "scale", [], "The scale of the set was changed after this was made; make it again.")
    return None


def _with_other_lights(result: Mapping[str, Any], calibrated: datetime | None) -> StaleResult | None:
    """Say that the directions that it was made with were measured in the set itself since."""
    parameters, made = result.get("parameters"), _moment(result.get("made_at"))
    by_set = isinstance(parameters, dict) and parameters.get("lights_source") == BY_MANIFEST
    if not by_set or calibrated is None or made is None or made >= calibrated:
        return None
    return _told(result, "lights", [], "The lights were calibrated after this was made; make it again.")


def _calibrated_at(results: list[Mapping[str, Any]]) -> datetime | None:
    found = (_moment(one.get("made_at")) for one in results if one.get("kind") == CALIBRATION)
    return max((at for at in found if at is not None), default=None)


def _moment(value: object) -> datetime | None:
    """Return a moment of a manifest; None where it is no such one, or of no known time zone."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _told(
    result: Mapping[str, Any], reason: Literal["images", "scale", "lights"], changed: list[str], message: str
) -> StaleResult:
    kind, folder = str(result.get("kind") or ""), str(result.get("folder") or "")
    return StaleResult(kind=kind, folder=folder, reason=reason, changed=changed, message=message)


def _results(raw: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    found = raw.get("results") if raw else None
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def _files(raw: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
    """Return the sha256 of each image by its name, and the names of those in whose place another one was taken."""
    now: dict[str, str] = {}
    replaced = set[str]()
    for step in _dicts(raw.get("steps")):
        now |= _sums(step)
        for earlier in _dicts(step.get("replaced")):
            replaced |= set(_sums(earlier))
    return now, frozenset(replaced)


def _sums(holder: Mapping[str, Any]) -> dict[str, str]:
    files = _dicts(holder.get("files"))
    return {one["filename"]: str(one.get("sha256")) for one in files if isinstance(one.get("filename"), str)}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
