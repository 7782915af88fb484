/** What a rig's lamp can bear, and how its light follows its signal, while somebody edits it. */
import type { EditedLight, LightInfo } from "./protocol";

export const LIMITS = ["max_level", "max_on_s", "min_off_s", "duty", "duty_s", "watts"] as const;
export type Limit = (typeof LIMITS)[number];
export type Curve = [number, number][];
/** How the light of a lamp follows its signal. */
export type Law = "linear" | "gamma" | "curve";

export interface LampDraft extends Record<Limit, number | null> {
  law: Law;
  gamma: number | null;
  /** Pairs of signal and light in per cent, as they are typed. */
  curve: string;
}

export const NEW_LAMP: LampDraft = {
  max_level: null,
  max_on_s: null,
  min_off_s: null,
  duty: null,
  duty_s: null,
  watts: null,
  law: "linear",
  gamma: null,
  curve: "",
};

export function lampOf(light: LightInfo): LampDraft {
  const { max_level, max_on_s, min_off_s, duty, duty_s, watts, gamma } = light;
  const curve = (light.curve ?? []) as Curve;
  const law = curve.length > 0 ? "curve" : gamma !== null ? "gamma" : "linear";
  return { max_level, max_on_s, min_off_s, duty, duty_s, watts, law, gamma, curve: curveText(curve) };
}

/** What SET_RIG is told of a lamp: a limit that was taken away is 0, and a law that is as it was is left out. */
export function editedLamp(draft: LampDraft, before: LampDraft | null): Partial<EditedLight> {
  const limits = Object.fromEntries(LIMITS.map((key) => [key, draft[key] ?? 0]));
  const same = before && draft.law === before.law && draft.gamma === before.gamma && draft.curve === before.curve;
  if (same || (!before && draft.law === "linear")) return limits;
  if (draft.law === "gamma") return { ...limits, gamma: draft.gamma ?? 1, curve: null };
  return { ...limits, gamma: null, curve: draft.law === "curve" ? parseCurve(draft.curve) : [] };
}

export function curveText(curve: Curve): string {
  return curve.map((pair) => pair.map(percent).join(" ")).join("\n");
}

/** Read lines of signal and light in per cent; throws what is wrong with them. */
export function parseCurve(text: string): Curve {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new Error("A curve needs at least one line.");
  let last = [0, 0];
  return lines.map((line, index) => {
    const numbers = line
      .trim()
      .split(/[\s:;,]+/)
      .map(Number);
    const [signal, light] = numbers as [number, number];
    if (numbers.length !== 2 || !numbers.every((value) => value >= 0 && value <= 100))
      throw new Error(`Line ${index + 1}: write the signal and the light in per cent, such as 50 21.8.`);
    if ((index > 0 || signal > 0) && !(signal > last[0]! && light > last[1]!))
      throw new Error(`Line ${index + 1}: signal and light must both be more than in the line above.`);
    last = [signal, light];
    return [share(signal), share(light)];
  });
}

/** What is wrong with a lamp's curve, in words; null where nothing is. */
export function curveProblem(draft: LampDraft): string | null {
  if (draft.law !== "curve") return null;
  try {
    parseCurve(draft.curve);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The limits of a lamp in short; null without any. */
export function limitsBrief(draft: LampDraft): string | null {
  const { max_level, max_on_s, min_off_s, duty, watts } = draft;
  const parts = [
    max_level !== null && `at most ${percent(max_level)} %`,
    max_on_s !== null && `on ${max_on_s} s`,
    min_off_s !== null && `off ${min_off_s} s`,
    duty !== null && `duty ${percent(duty)} %`,
    watts !== null && `${watts} W`,
  ];
  return parts.filter(Boolean).join(" · ") || null;
}

/** A share of 1 in per cent, without the noise of binary fractions. */
export function percent(value: number): number {
  return Number((value * 100).toFixed(4));
}

/** Per cent as a share of 1, likewise. */
export function share(value: number): number {
  return Number((value / 100).toFixed(6));
}
