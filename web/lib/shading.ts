/** How a surface looks under a light: the colours of maps, and the same sums for a processor that a shader has. */
import type { Direction } from "./dome";
import type { Layer } from "./results";

type Colour = readonly [number, number, number];

/** Dark to bright, each about as much brighter than the one before: what is not explained. */
export const HEAT: readonly Colour[] = [
  [16, 12, 48],
  [96, 25, 110],
  [200, 60, 80],
  [250, 150, 50],
  [252, 245, 170],
];
/** Low to high. */
export const ALTITUDE: readonly Colour[] = [
  [22, 28, 66],
  [24, 88, 106],
  [76, 132, 96],
  [196, 158, 98],
  [250, 236, 214],
];
/** Levels of gray in a residual picture that one per cent of the albedo has, and what is shown brightest. */
export const LEVELS_PER_PERCENT = 10;
export const RESIDUAL_SHOWN = 10;
export const CLAY = 0.62;
export const SHINE = 36;
/** A light this strong brings what faces it to its own colour, with a little ambient light. */
export const STRENGTH = 1.08;

export interface Shine {
  layer: Layer;
  light: Direction;
  ambient: number;
  specular: number;
  exaggeration: number;
}

/** The colour of a map at a share from 0 to 1, as CSS. */
export function gradient(map: readonly Colour[]): string {
  return `linear-gradient(to right, ${map.map((colour) => `rgb(${colour.join(" ")})`).join(", ")})`;
}

export function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

export function toSrgb(value: number): number {
  const held = Math.min(1, Math.max(0, value));
  return held <= 0.0031308 ? held * 12.92 : 1.055 * held ** (1 / 2.4) - 0.055;
}

/** The light that a place of the surface sends to the camera: how much of its colour, and how much gloss. */
export function lit(
  normal: Direction,
  { light, ambient, specular, exaggeration }: Shine,
): { colour: number; gloss: number } {
  const [x, y, z] = steeper(normal, exaggeration);
  const facing = Math.max(0, x * light[0] + y * light[1] + z * light[2]);
  const half: Direction = [light[0], light[1], light[2] + 1];
  const towards = (x * half[0] + y * half[1] + z * half[2]) / (Math.hypot(...half) || 1);
  const gloss = facing > 0 && specular > 0 ? specular * Math.max(0, towards) ** SHINE : 0;
  return { colour: ambient + STRENGTH * (1 - ambient) * facing, gloss };
}

/** A normal of the same surface, so many times as high. */
export function steeper([x, y, z]: Direction, exaggeration: number): Direction {
  const length = Math.hypot(x * exaggeration, y * exaggeration, z) || 1;
  return [(x * exaggeration) / length, (y * exaggeration) / length, z / length];
}

export function mapped(map: readonly Colour[], share: number): Colour {
  const place = Math.min(1, Math.max(0, share)) * (map.length - 1);
  const low = Math.min(map.length - 2, Math.floor(place));
  const part = place - low;
  return [0, 1, 2].map((at) => map[low]![at]! * (1 - part) + map[low + 1]![at]! * part) as unknown as Colour;
}
