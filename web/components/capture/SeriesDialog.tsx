"use client";

import type { ReactNode } from "react";
import { findEntry, shown } from "@/lib/config";
import { shutterSeconds } from "@/lib/exposure";
import { bytes, duration, plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { CameraStatus, CaptureSeries, ConfigEntry } from "@/lib/protocol";
import { bytesPerFrame } from "@/lib/sequence";
import { BRACKET_STEPS, type Bracketed, bracketValues, estimate, MOST_PICTURES } from "@/lib/series";
import { useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./SeriesDialog.module.css";

interface Props {
  camera: CameraStatus;
  /** Why no series can be started now. */
  reason: string | null;
  onStart: (payload: CaptureSeries) => void;
  onClose: () => void;
}

interface Plan {
  count: number;
  rounds: number;
  interval: number;
  /** Alias of the setting that changes; null takes all pictures alike. */
  bracket: string | null;
  frames: number;
  step: number;
}

const FIRST_PLAN: Plan = { count: 5, rounds: 1, interval: 0, bracket: null, frames: 3, step: 1 };
const BRACKETS = [
  { alias: null, label: "None" },
  { alias: "shutterspeed", label: "Shutter" },
  { alias: "aperture", label: "Aperture" },
  { alias: "iso", label: "ISO" },
];
const USUAL_CAPTURE_S = 2.5;
const LONGEST_INTERVAL_S = 86_400;
const NONE: ConfigEntry[] = [];

/** Plans a burst, one picture every so often, or a bracket of a setting; shows what will be taken and what it costs. */
export function SeriesDialog({ camera, reason, onStart, onClose }: Props) {
  const [plan, setPlan] = usePreference<Plan>("series", FIRST_PLAN);
  const entries = useRig((rig) => rig.config[camera.camera_id]) ?? NONE;
  const change = (part: Partial<Plan>) => setPlan({ ...plan, ...part });
  const brackets = BRACKETS.filter(({ alias }) => alias === null || isSettable(findEntry(entries, alias)));
  const entry = plan.bracket === null ? null : findEntry(entries, plan.bracket);
  const bracket =
    entry && bracketValues(plan.bracket!, entry.options, String(entry.value ?? ""), plan.frames, plan.step);
  const rounds = plan.bracket === null ? plan.count : plan.rounds;
  const cost = useCost(rounds, plan, entries, bracket);
  const problem = reason ?? problemOf(plan, bracket, cost);
  const start = () => {
    onStart({
      camera_id: camera.camera_id,
      count: rounds,
      interval_s: rounds > 1 ? plan.interval : 0,
      ...(entry && bracket && { bracket: { config_name: entry.path, values: bracket.values as [string, string] } }),
    });
    onClose();
  };
  return (
    <Dialog
      title="Series"
      onClose={onClose}
      actions={
        <>
          <p className={styles.problem} role="status">
            {problem}
          </p>
          <Button tone="main" icon="play" reason={problem} onClick={start}>
            Take {plural(cost.pictures, "picture")}
          </Button>
        </>
      }
    >
      <div className={styles.form}>
        <fieldset className={styles.choice}>
          <legend>Bracket</legend>
          <div className={styles.segments}>
            {brackets.map(({ alias, label }) => (
              <label key={label} data-on={plan.bracket === alias || undefined}>
                <input
                  type="radio"
                  name="bracket"
                  className="visually-hidden"
                  checked={plan.bracket === alias}
                  onChange={() => change({ bracket: alias })}
                />
                {label}
              </label>
            ))}
          </div>
        </fieldset>
        {plan.bracket !== null && (
          <div className={styles.row}>
            <Field label="Pictures in a bracket">
              <select value={plan.frames} onChange={(event) => change({ frames: Number(event.target.value) })}>
                {[3, 5, 7, 9].map((frames) => (
                  <option key={frames}>{frames}</option>
                ))}
              </select>
            </Field>
            <Field label="Step">
              <select value={plan.step} onChange={(event) => change({ step: Number(event.target.value) })}>
                {BRACKET_STEPS.map(({ ev, label }) => (
                  <option key={label} value={ev}>
                    {label}
                  </option>
                ))}
              </select>
            </Field>
          </div>
        )}
        {entry && bracket && <Values alias={plan.bracket!} entry={entry} bracket={bracket} />}
        <div className={styles.row}>
          <Field label={plan.bracket === null ? "Pictures" : "Times"}>
            <NumberInput
              key={plan.bracket === null ? "pictures" : "times"}
              value={rounds}
              least={1}
              most={MOST_PICTURES}
              onChange={(count) => change(plan.bracket === null ? { count } : { rounds: count })}
            />
          </Field>
          <Field label={plan.bracket === null ? "Seconds between beginnings" : "Seconds between their beginnings"}>
            <NumberInput
              value={plan.interval}
              least={0}
              most={LONGEST_INTERVAL_S}
              digits={1}
              onChange={(interval) => change({ interval })}
            />
          </Field>
        </div>
        <p className={styles.hint}>
          {plan.interval === 0 || rounds === 1
            ? "One after the other, as fast as the camera can."
            : cost.late
              ? "The camera will not keep up with that: each begins as soon as the one before is done."
              : `One every ${plan.interval < 60 ? `${plan.interval} s` : duration(plan.interval)}.`}
        </p>
        <p className={styles.cost} data-testid="series-estimate">
          {plural(cost.pictures, "picture")} · about {duration(cost.seconds)} · about {bytes(cost.room)}
          {cost.free !== null && ` of ${bytes(cost.free)} free`}
        </p>
      </div>
    </Dialog>
  );
}

function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className={styles.field}>
      <span>{label}</span>
      {children}
    </label>
  );
}

interface NumberProps {
  value: number;
  least: number;
  most: number;
  /** Behind the point. */
  digits?: number;
  onChange: (value: number) => void;
}

function NumberInput({ value, least, most, digits = 0, onChange }: NumberProps) {
  return (
    <input
      type="number"
      inputMode={digits > 0 ? "decimal" : "numeric"}
      min={least}
      max={most}
      step={10 ** -digits}
      // Uncontrolled, so that it can be empty while somebody types; out of range is put right on leaving.
      defaultValue={value}
      onChange={(event) => {
        const wanted = event.target.valueAsNumber;
        if (wanted >= least && wanted <= most) onChange(Number(wanted.toFixed(digits)));
      }}
      onBlur={(event) => {
        event.target.value = String(value);
      }}
    />
  );
}

/** What the setting will be in turn. */
function Values({ alias, entry, bracket }: { alias: string; entry: ConfigEntry; bracket: Bracketed }) {
  return (
    <div>
      <ol className={styles.values} aria-label="Values in their order">
        {bracket.values.map((value) => (
          <li key={value} data-now={value === String(entry.value) || undefined}>
            {shown(alias, value)}
          </li>
        ))}
      </ol>
      {bracket.missing > 0 && (
        <p className={styles.warning}>
          {bracket.missing === 1 ? "One value is" : `${bracket.missing} values are`} beyond what the camera has, and
          left out.
        </p>
      )}
    </div>
  );
}

function isSettable(entry: ConfigEntry | null): boolean {
  return entry !== null && !entry.readonly && entry.options.length > 1;
}

interface Cost {
  pictures: number;
  seconds: number;
  late: boolean;
  room: number;
  free: number | null;
}

function useCost(rounds: number, plan: Plan, entries: ConfigEntry[], bracket: Bracketed | null): Cost {
  const captures = useRig((rig) => rig.captures);
  const free = useRig((rig) => rig.storage?.free_bytes ?? null);
  const took = useRig((rig) => rig.captureSeconds);
  const now = shutterSeconds(String(findEntry(entries, "shutterspeed")?.value ?? "")) ?? 0;
  const timed = plan.bracket === "shutterspeed";
  const round = bracket?.values.map((value) => (timed ? (shutterSeconds(value) ?? now) : now)) ?? [now];
  const overhead = took === null ? USUAL_CAPTURE_S : Math.max(0.1, took - now);
  const { pictures, seconds, late } = estimate(rounds, plan.interval, round, overhead);
  return { pictures, seconds, late, room: pictures * bytesPerFrame(captures), free };
}

function problemOf(plan: Plan, bracket: Bracketed | null, cost: Cost): string | null {
  if (plan.bracket !== null && bracket === null)
    return "Set a value first: automatic values have no steps around them.";
  if (bracket && bracket.values.length < 2) return "The camera has too few values around this one.";
  if (cost.pictures > MOST_PICTURES) return `A series has at most ${MOST_PICTURES} pictures.`;
  if (cost.free !== null && cost.room > cost.free) return "The disk has too little room for that.";
  return null;
}
