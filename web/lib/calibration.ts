/** What is known of where the lamps are: the figures of the last calibration, and whether they still hold. */
import type { CalibratedLight, LightInfo, LightStates, Manifest, RigCalibration } from "./protocol";

/** What a calibration told of a lamp, beside what the rig says of it now. */
export interface LampFigures {
  name: string;
  /** Whether its direction is the one that was measured. */
  measured: boolean;
  error: number | null;
  /** Angle to the direction that was replaced. */
  moved: number | null;
  intensity: number | null;
}

/** The figures of each lamp; those of the set are there while the set is. */
export function figuresOf(lights: readonly LightInfo[], manifest: Manifest | null, at: string | null): LampFigures[] {
  const record = manifest?.results.find(({ kind, made_at }) => kind === "calibration" && same(made_at, at));
  // What the set keeps of each lamp comes with the record, whatever its kind.
  const told = (record as { lights?: CalibratedLight[] } | undefined)?.lights ?? [];
  return lights.map(({ name, calibrated_at, intensity }) => {
    const one = told.find(({ light }) => light === name);
    const measured = calibrated_at !== null;
    return {
      name,
      measured,
      error: measured ? (one?.error_deg ?? null) : null,
      moved: measured ? (one?.off_deg ?? null) : null,
      intensity,
    };
  });
}

/** The lamps whose direction was written by hand though the others' were measured. */
export function byHand({ lights, calibration }: Pick<LightStates, "lights" | "calibration">): LightInfo[] {
  return calibration
    ? lights.filter(({ calibrated_at, direction }) => calibrated_at === null && direction !== null)
    : [];
}

/** What a set that was taken after the calibration says of a rig that has moved; null where it says nothing. */
export function movedSince(manifest: Manifest | null, calibration: RigCalibration | null): string | null {
  const taken = manifest?.started_at;
  if (!taken || !calibration?.at || Date.parse(taken) < Date.parse(calibration.at)) return null;
  const found = manifest.results.flatMap(({ findings }) => findings).find(({ code }) => code === "rig_moved");
  return found?.message ?? null;
}

function same(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && Date.parse(one) === Date.parse(other);
}
