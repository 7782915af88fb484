/** What the Results screen shows, as the end of an address: a link brings another person to the same picture. */
import { anglesOf, type Direction, fromAngles } from "./dome";
import { LAYERS, type Layer } from "./results";
import { type View, WHOLE } from "./zoom";

export interface Look {
  ambient: number;
  specular: number;
  exaggeration: number;
}

export interface Shown {
  layer: Layer;
  light: Direction;
  look: Look;
  view: View;
  /** The layer on the right of the wipe. */
  other: Layer | null;
  /** The set on the right of the wipe, where it is another one. */
  otherSet: string | null;
}

export const PLAIN_LOOK: Look = { ambient: 0.12, specular: 0, exaggeration: 1 };
export const BOUNDS: Record<keyof Look, [number, number]> = { ambient: [0, 1], specular: [0, 1], exaggeration: [0, 4] };
/** From the upper left, as people expect it. */
export const FIRST: Shown = {
  layer: "relit",
  light: fromAngles(135, 40),
  look: PLAIN_LOOK,
  view: WHOLE,
  other: null,
  otherSet: null,
};
const MOST_TIMES = 24;

type Read = Pick<URLSearchParams, "get">;

/** Read an address; what it does not say, or says wrongly, is as at first. */
export function readLink(from: Read): Shown {
  const look = { ...PLAIN_LOOK };
  for (const name of Object.keys(look) as (keyof Look)[]) {
    const [value] = numbers(from.get(name), 1) ?? [];
    const [least, most] = BOUNDS[name];
    if (value !== undefined) look[name] = Math.min(most, Math.max(least, value));
  }
  const light = numbers(from.get("light"), 2);
  return {
    layer: layerOf(from.get("layer")) ?? FIRST.layer,
    light: light ? fromAngles(light[0]!, Math.min(90, Math.max(0, light[1]!))) : FIRST.light,
    look,
    view: readView(from.get("view")),
    other: layerOf(from.get("beside")),
    otherSet: from.get("beside_set"),
  };
}

/** Write an address; what is as at first is left out. */
export function writeLink(setName: string, shown: Shown): string {
  const to = new URLSearchParams({ set: setName });
  if (shown.layer !== FIRST.layer) to.set("layer", shown.layer);
  const { azimuth, elevation } = anglesOf(shown.light);
  const first = anglesOf(FIRST.light);
  if (azimuth !== first.azimuth || elevation !== first.elevation) to.set("light", `${azimuth},${elevation}`);
  for (const name of Object.keys(PLAIN_LOOK) as (keyof Look)[]) {
    if (shown.look[name] !== PLAIN_LOOK[name]) to.set(name, String(Number(shown.look[name].toFixed(2))));
  }
  const { scale, centre } = shown.view;
  if (typeof scale === "object") {
    to.set("view", [scale.times, centre.x, centre.y].map((part) => Number(part.toFixed(4))).join(","));
  }
  if (shown.other) to.set("beside", shown.other);
  if (shown.otherSet) to.set("beside_set", shown.otherSet);
  return to.toString().replaceAll("%2C", ",");
}

function readView(text: string | null): View {
  const [times, x, y] = numbers(text, 3) ?? [];
  if (times === undefined || x === undefined || y === undefined || times <= 1) return WHOLE;
  return {
    scale: { times: Math.min(MOST_TIMES, times) },
    centre: { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) },
  };
}

function layerOf(text: string | null): Layer | null {
  return LAYERS.find((layer) => layer === text) ?? null;
}

function numbers(text: string | null, count: number): number[] | null {
  const parts = (text ?? "").split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  return parts.length === count && parts.every(Number.isFinite) ? parts : null;
}
