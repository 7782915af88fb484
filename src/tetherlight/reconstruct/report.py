"""What is told of a surface: a report for programs, and a page for people that needs no other file."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tetherlight.protocol.models import measure
from tetherlight.reconstruct.inputs import Inputs
from tetherlight.reconstruct.options import Options
from tetherlight.reconstruct.pictures import DEGREES, heat, jpeg, polar_plot
from tetherlight.reconstruct.solving import Decided, Solved
from tetherlight.reconstruct.spool import Plan
from tetherlight.reconstruct.survey import Finding, Survey

SOFTWARE = ("tetherlight", "numpy", "scipy", "simplejpeg")
ERROR_SHOWN = 10.0
"""Degrees that are the brightest colour of the error map on the page."""
RESIDUAL_SHOWN = 0.10


@dataclass(frozen=True, eq=False)
class Facts:
    """All that is known of a surface when it is there."""

    inputs: Inputs
    plan: Plan
    options: Options
    decided: Decided
    solved: Solved
    response: str
    unit: str
    height_range: float
    height_method: str
    height_why: str
    sums: Mapping[str, str]
    findings: tuple[Finding, ...]
    """Further ones than those of inputs, plan and survey."""
    seconds: Mapping[str, float]


def figures_of(facts: Facts) -> dict[str, float]:
    """Return the numbers that lists of results show."""
    lights = facts.decided.lights
    figures = facts.solved.sums.figures()
    return (
        {key: round(value, 6) for key, value in figures.items()}
        | {
            "lights": len(lights),
            "lights_condition": round(float(np.linalg.cond(lights)), 4),
            "height_range": round(facts.height_range, 4),
            "clipped_share_most": round(max(facts.decided.survey.clipped), 6),
            "noise": round(facts.decided.survey.noise, 8),
        }
        | ({} if facts.decided.survey.ambient is None else {"ambient_share": round(facts.decided.survey.ambient, 6)})
    )


def report_of(facts: Facts) -> dict[str, Any]:
    """Return the whole report, as JSON has it."""
    decided, inputs, plan = facts.decided, facts.inputs, facts.plan
    stack, choice = decided.survey.stack, decided.choice
    height, width = stack.size
    findings = findings_of(inputs, plan, decided.survey, facts.findings)
    return {
        "kind": "preview" if facts.options.preview else "surface",
        "method": choice.method,
        "why": choice.why,
        "candidates": {name: round(value, 6) for name, value in choice.figures.items()},
        "nearly_lambertian": choice.nearly_lambertian,
        "response": facts.response,
        "width": width,
        "height": height,
        "shrink": plan.shrink,
        "height_unit": facts.unit,
        "height_method": facts.height_method,
        "height_why": facts.height_why,
        "scale_mm_per_pixel": inputs.scale_mm_per_pixel,
        "albedo_png_scale": round(decided.albedo_scale, 6),
        "error_png_levels_per_degree": DEGREES,
        "residual_png_levels_per_percent": DEGREES,
        "normals_convention": "x right, y up, z to the camera (OpenGL); value = round((n + 1) / 2 * 65535)",
        "lights_source": inputs.source,
        "excluded": list(inputs.excluded),
        "near": inputs.near,
        "lights": [_light(facts, number) for number in range(len(inputs.frames))],
        "ambient": inputs.ambient,
        "intensities": None if decided.intensities is None else decided.intensities.why,
        "figures": figures_of(facts),
        "warnings": [one.message for one in findings],
        "findings": [asdict(one) for one in findings],
        "options": facts.options.as_dict() | {"flat": facts.options.flat and Path(facts.options.flat).name},
        "timings_s": dict(facts.seconds),
        "software": {name: version(name) for name in SOFTWARE},
        "inputs_sha256": dict(facts.sums),
    }


def findings_of(inputs: Inputs, plan: Plan, looked: Survey, more: Sequence[Finding] = ()) -> list[Finding]:
    """Return all that should be looked at."""
    notes = [Finding("note", one) for one in (*inputs.warnings, *plan.warnings)]
    return [*notes, *looked.findings, *more]


def _light(facts: Facts, number: int) -> dict[str, Any]:
    frame, survey = facts.inputs.frames[number], facts.decided.survey
    kept = survey.stack.kept.tolist()
    used = number in kept
    told = {
        "filename": frame.name,
        "light": frame.light,
        "position" if facts.inputs.near else "direction": [round(float(part), 6) for part in frame.vector],
        "intensity": round(float(survey.stack.intensities[number]), 6),
        "exposure": round(float(survey.stack.exposures[number]), 6),
        "merged_with": [shot.name for shot in frame.more],
        "used": used,
    }
    if not used:
        return told
    at = kept.index(number)
    clipped, residual = survey.clipped[at], facts.decided.residuals[at]
    return told | {"clipped_share": round(clipped, 6), "residual": round(residual, 6)}


# The page


def page_of(facts: Facts, report: Mapping[str, Any], relief: NDArray[np.uint8]) -> str:
    """Return the page: one file with its pictures inside, everything that others named escaped."""
    name = escape(facts.inputs.folder.name)
    return _PAGE.format(
        title=name,
        style=_STYLE,
        summary=_summary(facts, report),
        warnings=_warnings(report["findings"]),
        pictures="".join(_picture(title, said, pixels) for title, said, pixels in _pictures(facts, relief)),
        why=escape(report["why"]),
        candidates=_table(
            ("Method", "Error of left-out lights"),
            [(method, f"{value:.2%}") for method, value in report["candidates"].items()],
        ),
        plot=polar_plot(_directions(facts), [frame.name for frame in facts.inputs.frames]),
        lights=_table(("Image", "Light", "x", "y", "z", "Strength", "Clipped"), map(_row, report["lights"])),
        figures=_table(("Figure", "Value"), [(key, f"{value:g}") for key, value in report["figures"].items()]),
        facts=_table(("Part", "Seconds"), [(key, f"{value:.2f}") for key, value in report["timings_s"].items()]),
        versions=escape(", ".join(f"{program} {number}" for program, number in report["software"].items())),
    )


def _directions(facts: Facts) -> list[tuple[float, float, float]]:
    vectors = np.array([frame.vector for frame in facts.inputs.frames], float)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return [(float(x), float(y), float(z)) for x, y, z in unit]


def _pictures(facts: Facts, relief: NDArray[np.uint8]) -> list[tuple[str, str, NDArray[Any]]]:
    thumbs, valid = facts.solved.thumbs, facts.solved.thumbs["valid"]
    height = f"The range is {facts.height_range:.4g} {facts.unit}. Method: {facts.height_method}. {facts.height_why}"
    return [
        ("Normals", "Red: right. Green: up. Blue: to the camera.", (thumbs["normals"] >> 8).astype(np.uint8)),
        ("Albedo", "The colour without light and shadow.", thumbs["albedo"]),
        ("Height", f"As a shaded relief, lit from the upper left. {height}", relief),
        ("Predicted error", f"Of the normals: dark 0, bright {ERROR_SHOWN:g} degrees and more.",
         heat(thumbs["error"], ERROR_SHOWN, valid)),
        ("Residual", f"What the model does not explain: dark 0, bright {RESIDUAL_SHOWN:.0%} of the albedo and more.",
         heat(thumbs["residual"], RESIDUAL_SHOWN, valid)),
    ]  # fmt: skip


def _picture(title: str, said: str, pixels: NDArray[Any]) -> str:
    content = base64.b64encode(jpeg(pixels)).decode()
    return (
        f'<figure><img alt="{escape(title)}" src="data:image/jpeg;base64,{content}">'
        f"<figcaption><b>{escape(title)}.</b> {escape(said)}</figcaption></figure>"
    )


def _summary(facts: Facts, report: Mapping[str, Any]) -> str:
    figures = report["figures"]
    cards = (
        ("Method", report["method"]),
        ("Lights", f"{figures['lights']}"),
        ("Size", f"{report['width']} x {report['height']}"),
        ("Predicted error", f"{figures['predicted_error_median_deg']:.2f}°"),
        ("Residual", f"{figures['residual_median']:.2%}"),
        ("Solved", f"{figures['valid_share']:.1%}"),
        ("Values", facts.response),
    )
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in cards)


def _warnings(said: Sequence[Mapping[str, Any]]) -> str:
    if not said:
        return '<p class="good">Nothing to warn of.</p>'
    lines = (
        f"<li>{escape(one['message'])} <small>{escape(measure(one['figure'], one['limit'], one['unit']))}</small></li>"
        for one in said
    )
    return f'<ul class="warn">{"".join(lines)}</ul>'


def _row(light: Mapping[str, Any]) -> tuple[str, ...]:
    vector = light.get("direction") or light["position"]
    clipped = f"{light['clipped_share']:.2%}" if light["used"] else "left out"
    place = (f"{part:.3f}" for part in vector)
    more = f" and {len(light['merged_with'])} longer" if light["merged_with"] else ""
    return (f"{light['filename']}{more}", light["light"] or "", *place, f"{light['intensity']:.3f}", clipped)


def _table(head: tuple[str, ...], rows: Any) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>{body}</table>"


_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --warn: #b45309; --good: #15803d; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
h1 { margin: 0 0 .2rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem; }
dl { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
dl div { background: var(--soft); border-radius: .5rem; padding: .5rem .9rem; }
dt { font-size: .8rem; opacity: .7; } dd { margin: 0; font-weight: 600; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 1rem; }
figure { margin: 0; } img { width: 100%; border-radius: .4rem; background: #fff; }
figcaption { font-size: .9rem; }
table { border-collapse: collapse; font-size: .9rem; display: block; overflow-x: auto; }
td, th { border-bottom: 1px solid var(--line); padding: .25rem .8rem .25rem 0; text-align: left; }
svg { width: 220px; height: 220px; }
.lights { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
.warn { color: var(--warn); } .good { color: var(--good); }
footer { margin-top: 2rem; font-size: .85rem; opacity: .7; }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: surface</title><style>{style}</style></head><body>
<h1>{title}</h1><dl>{summary}</dl>
{warnings}
<div class="pictures">{pictures}</div>
<h2>Method</h2><p>{why}</p>{candidates}
<h2>Lights</h2><div class="lights">{plot}<div>{lights}</div></div>
<h2>Figures</h2>{figures}
<h2>Time</h2>{facts}
<footer>{versions}</footer>
</body></html>
"""
