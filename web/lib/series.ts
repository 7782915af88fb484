/** Series of single captures: which values a bracket has, and what a series takes of time and room. */
import { shutterSeconds } from "./exposure";

export const MOST_PICTURES = 999;
/** How far an option may lie from the stop that is wanted: dials round 1/6.35 s to 1/6. */
const TOLERANCE_EV = 0.2;

export const BRACKET_STEPS = [
  { ev: 1 / 3, label: "⅓ EV" },
  { ev: 2 / 3, label: "⅔ EV" },
  { ev: 1, label: "1 EV" },
  { ev: 2, label: "2 EV" },
  { ev: 3, label: "3 EV" },
];

/** How bright a value of a setting makes the picture, in stops above an arbitrary zero; null where it is no number. */
export function brightness(alias: string, value: string): number | null {
  const number = alias === "shutterspeed" ? shutterSeconds(value) : Number(value.replace(/^f\/?/i, ""));
  if (number === null || !Number.isFinite(number) || number <= 0) return null;
  return alias === "aperture" ? -2 * Math.log2(number) : Math.log2(number);
}

export interface Bracketed {
  /** From the darkest to the brightest. */
  values: string[];
  /** How many values the camera does not have. */
  missing: number;
}

/** The options that lie `step` stops apart around the one that is set; null where that one has no stops around it. */
export function bracketValues(
  alias: string,
  options: string[],
  current: string,
  frames: number,
  step: number,
): Bracketed | null {
  const middle = brightness(alias, current);
  if (middle === null) return null;
  const known = options.flatMap((option) => {
    const stops = brightness(alias, option);
    return stops === null ? [] : [{ option, stops }];
  });
  const values: string[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const wanted = middle + (frame - (frames - 1) / 2) * step;
    const distance = (stops: number) => Math.abs(stops - wanted);
    const nearest = known.reduce<(typeof known)[number] | null>(
      (best, one) => (best === null || distance(one.stops) < distance(best.stops) ? one : best),
      null,
    );
    if (nearest && distance(nearest.stops) <= TOLERANCE_EV && !values.includes(nearest.option))
      values.push(nearest.option);
  }
  return { values, missing: frames - values.length };
}

export interface Estimate {
  pictures: number;
  seconds: number;
  /** Whether the camera cannot keep up with the interval. */
  late: boolean;
}

/** What a series takes: `exposures` are the seconds of one round's exposures, `overhead` what each takes besides. */
export function estimate(rounds: number, intervalS: number, exposures: number[], overhead: number): Estimate {
  const round = exposures.reduce((sum, seconds) => sum + seconds + overhead, 0);
  return {
    pictures: rounds * exposures.length,
    seconds: (rounds - 1) * Math.max(intervalS, round) + round,
    late: rounds > 1 && intervalS > 0 && intervalS < round,
  };
}
