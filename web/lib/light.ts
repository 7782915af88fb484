/** A light that is led by hand: directions from the object to it, x right, y up, z to the camera. */
import { type Direction, directionOf, spotOf } from "./dome";
import type { Size } from "./zoom";

/** How far down a hand can lead the light: at the horizon itself everything is black. */
const LOWEST_DEG = 3;
const RIM = (90 - LOWEST_DEG) / 90;

export interface Lamp {
  name: string;
  direction: Direction;
  /** The image that was taken under it, below the set's folder. */
  filename: string;
}

/** The light for a hand at a place of a stage: over its middle straight ahead, at the nearer edge and beyond it low. */
export function lightUnderHand(stage: Size, x: number, y: number): Direction {
  const half = Math.max(1, Math.min(stage.width, stage.height) / 2);
  return lightAtSpot((x - stage.width / 2) / half, (y - stage.height / 2) / half);
}

/** The light at a place of a map of radius 1 whose y points down; what lies outside comes to its rim. */
export function lightAtSpot(x: number, y: number): Direction {
  const radius = Math.hypot(x, y);
  const shrink = radius > RIM ? RIM / radius : 1;
  return directionOf({ x: x * shrink, y: y * shrink });
}

/** The light moved over the map by so many degrees to the right and down. */
export function nudged(light: Direction, right: number, down: number): Direction {
  const spot = spotOf(light);
  return lightAtSpot(spot.x + right / 90, spot.y + down / 90);
}

export function degreesBetween(a: Direction, b: Direction): number {
  const cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (Math.hypot(...a) * Math.hypot(...b) || 1);
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}

/** The lamp that stands nearest to a direction; null where there is none. */
export function nearestLamp(light: Direction, lamps: readonly Lamp[]): Lamp | null {
  let best: Lamp | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const lamp of lamps) {
    const off = degreesBetween(light, lamp.direction);
    if (off < least) [best, least] = [lamp, off];
  }
  return best;
}
