/** Several cameras as one: what they are called, which settings they share, and what is said of each. */
import { causeOf } from "./causes";
import { COMMON, findEntry } from "./config";
import type { CameraInfo, CameraStatus, ConfigEntry, ErrorCode, Job } from "./protocol";

export type Value = string | number | boolean;

/** A setting that can be set on several cameras at once. */
export interface SharedSetting {
  /** Alias or name, which every camera that has it understands. */
  name: string;
  label: string;
  type: ConfigEntry["type"];
  /** What any of the cameras offers, in its order. */
  options: string[];
  min: number | null;
  max: number | null;
  step: number | null;
  /** The cameras that have it. */
  cameras: string[];
}

/** How a wish went at one camera. */
export interface Outcome {
  state: "pending" | "set" | "refused";
  words: string;
}

const SETTABLE = new Set<ConfigEntry["type"]>(["menu", "toggle", "range", "text"]);
const DONE_HERE = ["actions", "status"];

/** The settings that can be set on all of these cameras: what is changed most first, then what at least two of them have. */
export function sharedSettings(configs: Record<string, ConfigEntry[]>): SharedSetting[] {
  const found = new Map<string, SharedSetting>();
  for (const [cameraId, entries] of Object.entries(configs)) {
    for (const entry of entries) {
      if (!SETTABLE.has(entry.type) || DONE_HERE.includes(entry.path.split("/")[2] ?? "")) continue;
      const name = entry.alias ?? entry.name;
      const before = found.get(name);
      if (before?.cameras.includes(cameraId)) continue;
      found.set(name, before ? joined(before, cameraId, entry) : first(name, cameraId, entry));
    }
  }
  const cameras = Object.keys(configs).length;
  const common = COMMON.flatMap(({ alias }) => found.get(alias) ?? []);
  const others = [...found.values()]
    .filter((one) => !common.includes(one) && one.cameras.length >= Math.min(2, cameras))
    .sort((a, b) => a.label.localeCompare(b.label));
  return [...common, ...others];
}

function first(name: string, cameraId: string, entry: ConfigEntry): SharedSetting {
  const { type, options, min = null, max = null, step = null } = entry;
  const label = COMMON.find(({ alias }) => alias === name)?.label ?? entry.label;
  return { name, label, type, options: [...options], min, max, step, cameras: [cameraId] };
}

function joined(before: SharedSetting, cameraId: string, entry: ConfigEntry): SharedSetting {
  const more = entry.options.filter((option) => !before.options.includes(option));
  return { ...before, options: [...before.options, ...more], cameras: [...before.cameras, cameraId] };
}

/** The value that all cameras have now; null where they differ. */
export function commonValue(configs: Record<string, ConfigEntry[]>, name: string): ConfigEntry["value"] {
  const values = Object.values(configs).flatMap((entries) => findEntry(entries, name)?.value ?? []);
  return values.length > 0 && values.every((value) => value === values[0]) ? values[0]! : null;
}

/** A camera as people tell it from the others: by its model, and where there are two of one, by the end of its number. */
export function callNames(cameras: CameraInfo[]): Record<string, string> {
  const models = new Map<string, number>();
  for (const { model } of cameras) models.set(model, (models.get(model) ?? 0) + 1);
  return Object.fromEntries(
    cameras.map(({ camera_id, model, serial, port }) => {
      if (models.get(model) === 1) return [camera_id, model];
      return [camera_id, `${model} ·\u00a0${serial ? serial.slice(-4) : port}`];
    }),
  );
}

/** What a camera does or why it does not, as far as the rig knows it; null where nothing hinders it. */
export function hindrance(camera: CameraStatus, job: Job | undefined): string | null {
  if (camera.state === "lost") return sentences("Camera lost.", camera.cause, camera.next);
  if (camera.state === "recovering") return "Coming back…";
  if (job) return `Busy: ${JOBS[job.kind] ?? "a job has it"}.`;
  if (camera.shots_left === 0) return "The card in the camera is full.";
  return null;
}

const JOBS: Partial<Record<Job["kind"], string>> = {
  photometric_set: "a set is being taken",
  series: "a series is being taken",
  measurement: "lamps are being measured",
};

function sentences(...parts: (string | null)[]): string {
  return [...new Set(parts.filter((part): part is string => part !== null && part !== ""))].join(" ");
}

/** Why a camera gave no picture, without its name, which stands above it. */
export function whyNone(error: string, code: string | null): string {
  const told = error.replace(/^.*?Camera '[^']*': /, "");
  return causeOf({ error: told, error_code: code as ErrorCode | null }) ?? told;
}

/** Milliseconds between the first release and the last, as exactly as they mean something. */
export function apart(skewMs: number): string {
  if (skewMs < 0.01) return "less than 0.01 ms apart";
  return `${skewMs < 1 ? skewMs.toFixed(2) : skewMs < 10 ? skewMs.toFixed(1) : Math.round(skewMs)} ms apart`;
}

/** Widths that the server makes frames of, and what asks for each: a tile needs no more pixels than it has. */
const WIDTHS = [240, 320, 480, 640];

export function frameWidth(pixels: number): number {
  return WIDTHS.find((width) => width >= pixels) ?? WIDTHS.at(-1)!;
}
