"use client";

import { type FormEvent, useMemo, useState } from "react";
import {
  type Line,
  lengthOf,
  lengthWords,
  type Profile,
  profileAlong,
  profileCsv,
  profileOf,
  rounded,
  scaleOf,
} from "@/lib/measure";
import type { SetDetails } from "@/lib/protocol";
import { pixelsPerMillimetre } from "@/lib/scale";
import type { Surface } from "@/lib/surface";
import { useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import type { IconName } from "../ui/Icon";
import type { MeasureKind } from "./Measures";
import styles from "./Panels.module.css";
import type { Tool } from "./ResultStage";

interface Props {
  details: SetDetails;
  surface: Surface;
  tool: Tool;
  lines: Partial<Record<MeasureKind, Line>>;
  scale: number | null;
  onTool: (tool: Tool) => void;
  onClear: (kind: MeasureKind) => void;
}

const TOOLS: { tool: Tool; icon: IconName; label: string; say: string }[] = [
  {
    tool: "move",
    icon: "move",
    label: "Move",
    say: "Drag the picture along. Two fingers and the right button do it at any time.",
  },
  {
    tool: "ruler",
    icon: "ruler",
    label: "Length",
    say: "Click at both ends. With keys: arrows, and Space at each end.",
  },
  { tool: "profile", icon: "profile", label: "Profile", say: "Draw a line over the relief." },
  {
    tool: "scale",
    icon: "scale",
    label: "Scale",
    say: "Click at both ends of a length that you know, such as a ruler in the picture.",
  },
];

/** Lengths, heights along a line, and how large a pixel is. */
export function MeasurePanel({ details, surface, tool, lines, scale, onTool, onClear }: Props) {
  const chosen = TOOLS.find((one) => one.tool === tool);
  const profile = useMemo(
    () =>
      lines.profile &&
      surface.pictures.height &&
      profileOf(profileAlong(lines.profile, (point) => surface.height(point))),
    // A picture that has come makes another profile.
    [lines.profile, surface, surface.pictures.height],
  );
  return (
    <section className={styles.panel} aria-labelledby="measure-panel">
      <div className={styles.head}>
        <h2 id="measure-panel">Measure</h2>
      </div>
      <div className={styles.tools}>
        {TOOLS.map(({ tool: one, icon, label }) => (
          <Button
            key={one}
            icon={icon}
            aria-pressed={one === tool}
            disabled={one === "profile" && !surface.has("height")}
            onClick={() => onTool(one)}
          >
            {label}
          </Button>
        ))}
      </div>
      {chosen && <p className={styles.say}>{chosen.say}</p>}
      {lines.ruler && (
        <div className={styles.value} data-testid="length">
          <span>Length</span>
          <strong>{lengthWords(lengthOf(lines.ruler), scale)}</strong>
          <Button tone="quiet" icon="close" aria-label="Remove the length" onClick={() => onClear("ruler")} />
        </div>
      )}
      {lines.profile && (
        <ProfileChart
          profile={profile ?? null}
          name={details.set.name}
          scale={scale}
          onClear={() => onClear("profile")}
        />
      )}
      {(tool === "scale" || lines.scale) && (
        <ScaleForm details={details} line={lines.scale ?? null} scale={scale} onDone={() => onClear("scale")} />
      )}
    </section>
  );
}

interface ChartProps {
  profile: Profile | null;
  name: string;
  scale: number | null;
  onClear: () => void;
}

const WIDE = 300;
const HIGH = 120;

function ProfileChart({ profile, name, scale, onClear }: ChartProps) {
  if (!profile) return <p className={styles.say}>There is no surface along this line.</p>;
  const { samples, low, high } = profile;
  const unit = scale === null ? "px" : "mm";
  const long = samples.at(-1)!.along;
  const x = (along: number) => (along / (long || 1)) * WIDE;
  const y = (height: number) => HIGH - 8 - ((height - low) / (high - low || 1)) * (HIGH - 16);
  let pen = "M";
  const curve = samples
    .map(({ along, height }) => {
      if (height === null) {
        pen = "M";
        return "";
      }
      const part = `${pen}${x(along).toFixed(1)} ${y(height).toFixed(1)}`;
      pen = "L";
      return part;
    })
    .join("");
  const words = `${rounded((high - low) * (scale ?? 1))} ${unit} from the lowest to the highest place, over ${lengthWords(long, scale)}`;
  const table = () => URL.createObjectURL(new Blob([profileCsv(samples, scale)], { type: "text/csv" }));
  return (
    <div data-testid="profile">
      <svg
        className={styles.chart}
        viewBox={`0 0 ${WIDE} ${HIGH}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Height profile: ${words}`}
      >
        <path className={styles.curve} d={curve} />
      </svg>
      <div className={styles.ends}>
        <span>0</span>
        <span>{lengthWords(long, scale)}</span>
      </div>
      <div className={styles.value}>
        <span>Height range</span>
        <strong>
          {rounded((high - low) * (scale ?? 1))} {unit}
        </strong>
        <Button tone="quiet" icon="close" aria-label="Remove the profile" onClick={onClear} />
      </div>
      <Button
        icon="download"
        onClick={() => {
          const link = document.createElement("a");
          link.href = table();
          link.download = `${name}_profile.csv`;
          link.click();
          setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
        }}
      >
        Table (CSV)
      </Button>
    </div>
  );
}

interface ScaleProps {
  details: SetDetails;
  line: Line | null;
  scale: number | null;
  onDone: () => void;
}

/** A line of known length tells how large a pixel is. */
function ScaleForm({ details, line, scale, onDone }: ScaleProps) {
  const store = useStore();
  const offline = useOffline();
  const [typed, setTyped] = useState("");
  const millimetres = Number(typed.trim().replace(",", "."));
  const found = line && scaleOf(line, millimetres);
  const reason = offline ?? (line ? (found ? null : "Type the length in millimetres.") : "Draw the length first.");
  const keep = async (event: FormEvent) => {
    event.preventDefault();
    if (reason !== null || !found || !line) return;
    try {
      const points: [[number, number], [number, number]] = [
        [line.from.x, line.from.y],
        [line.to.x, line.to.y],
      ];
      const { message } = await store.service.request("SET_SCALE", {
        set_name: details.set.name,
        points,
        length_mm: millimetres,
      });
      setTyped("");
      onDone();
      store.notify({ text: message });
    } catch (error) {
      store.complain(error);
    }
  };
  const hint = found ? pixelsPerMillimetre(found) : scale === null ? "Not known yet." : `Now ${scale} mm per pixel.`;
  const problem = typed.trim() !== "" && !(millimetres > 0) ? "A length above 0, such as 20." : null;
  return (
    <form onSubmit={(event) => void keep(event)} className={styles.form}>
      <Field label="Known length, mm" hint={hint} problem={problem}>
        {(control) => (
          <input
            {...control}
            inputMode="decimal"
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" reason={reason}>
        Set scale
      </Button>
    </form>
  );
}
