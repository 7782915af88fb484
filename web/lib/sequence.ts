/** Names and estimates of a set that is about to be captured. */
import type { ImageFile, Job } from "./protocol";
import { readScale } from "./scale";

const TRANSFER_S = 2.5;
const USUAL_BYTES = 8_000_000;

/** What is wrong with a set's name, in words; null where nothing is. */
export function nameProblem(name: string): string | null {
  const wrong = [...new Set(name.normalize("NFC").replace(/[\p{L}\p{M}\p{Nd}._ -]/gu, ""))];
  if (wrong.length > 0) return `A name may hold letters, digits, - _ . and spaces, but not ${wrong.join(" ")}`;
  if (/^[.-]/.test(name)) return "A name may not begin with a dot or a hyphen.";
  return name.endsWith(".") ? "A name may not end with a dot." : null;
}

/** Seconds per frame: as the last set took, else from shutter and settling time. */
export function secondsPerFrame(jobs: Job[], shutter: number | null, settle: number): number {
  const last = jobs.find(
    (job) => job.kind === "photometric_set" && job.state === "completed" && job.finished_at && job.total > 0,
  );
  if (last?.finished_at) {
    const took = (Date.parse(last.finished_at) - Date.parse(last.started_at)) / 1000 / last.steps.length;
    if (took > 0 && took < 600) return took;
  }
  return (shutter ?? 0.1) + settle + TRANSFER_S;
}

/** Bytes per frame, from the last shots. */
export function bytesPerFrame(captures: ImageFile[]): number {
  const last = captures.slice(0, 12);
  if (last.length === 0) return USUAL_BYTES;
  const shots = new Set(last.map((file) => file.filename.replace(/\.[^.]+$/, ""))).size;
  return last.reduce((sum, file) => sum + file.size, 0) / shots;
}

/** What is typed about the object of a set. */
export interface SetFacts {
  notes: string;
  catalogue: string;
  scale: string;
}

export const NO_FACTS: SetFacts = { notes: "", catalogue: "", scale: "" };

/** What is known of the object, as the server takes it; what is empty or cannot be read is null. */
export function factsOf({ notes, catalogue, scale }: SetFacts) {
  return {
    notes: notes.trim() || null,
    catalogue_number: catalogue.trim() || null,
    scale_mm_per_pixel: readScale(scale).value,
  };
}
