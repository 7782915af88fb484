/** Lengths on a picture, scale bars, and heights along a line. Points are in pixels of the images, y down. */
import type { Point } from "./fit";

const SAMPLES = 512;
const STEPS = [1, 2, 5];

export interface Line {
  from: Point;
  to: Point;
}

export function lengthOf({ from, to }: Line): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

/** A number with so many digits that it says what was measured, and no more. */
export function rounded(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(digits);
}

/** A length in words: in millimetres where the scale is known, else in pixels. */
export function lengthWords(pixels: number, scale: number | null): string {
  if (scale === null) return `${rounded(pixels)} px`;
  const mm = pixels * scale;
  if (mm >= 1000) return `${rounded(mm / 1000)} m`;
  return mm >= 0.1 ? `${rounded(mm)} mm` : `${rounded(mm * 1000)} µm`;
}

/** The scale in mm per pixel of a line of known length; null where it has none. */
export function scaleOf(line: Line, millimetres: number): number | null {
  const pixels = lengthOf(line);
  if (!(millimetres > 0) || !Number.isFinite(millimetres) || pixels < 1) return null;
  return Number((millimetres / pixels).toPrecision(6));
}

export interface ScaleBar {
  /** How long it is drawn, in screen pixels. */
  length: number;
  label: string;
}

/** A bar of a round length that is at most so long; `zoom` is in screen pixels per image pixel. */
export function scaleBar(zoom: number, scale: number | null, most: number): ScaleBar | null {
  if (!(zoom > 0) || !(most > 0)) return null;
  const perUnit = scale === null ? zoom : zoom / scale;
  const room = most / perUnit;
  const power = 10 ** Math.floor(Math.log10(room));
  const value = power * Math.max(...STEPS.filter((step) => step * power <= room * 1.000001));
  return { length: value * perUnit, label: barLabel(value, scale !== null) };
}

function barLabel(value: number, millimetres: boolean): string {
  const plain = (number: number) => String(Number(number.toPrecision(3)));
  if (!millimetres) return `${plain(value)} px`;
  if (value >= 1000) return `${plain(value / 1000)} m`;
  if (value >= 10) return `${plain(value / 10)} cm`;
  return value >= 0.1 ? `${plain(value)} mm` : `${plain(value * 1000)} µm`;
}

export interface Sample {
  /** From the beginning of the line, in pixels. */
  along: number;
  /** Null where there is no surface. */
  height: number | null;
}

/** Heights along a line, at most one per pixel. */
export function profileAlong(line: Line, heightAt: (point: Point) => number | null): Sample[] {
  const length = lengthOf(line);
  const count = Math.max(2, Math.min(SAMPLES, Math.ceil(length) + 1));
  return Array.from({ length: count }, (_, index) => {
    const share = index / (count - 1);
    const point = {
      x: line.from.x + (line.to.x - line.from.x) * share,
      y: line.from.y + (line.to.y - line.from.y) * share,
    };
    return { along: length * share, height: heightAt(point) };
  });
}

export interface Profile {
  samples: Sample[];
  low: number;
  high: number;
}

/** A profile with its lowest and highest place; null where the line meets no surface. */
export function profileOf(samples: Sample[]): Profile | null {
  const heights = samples.flatMap(({ height }) => (height === null ? [] : [height]));
  if (heights.length < 2) return null;
  return { samples, low: Math.min(...heights), high: Math.max(...heights) };
}

/** A profile as a table for other programs: in millimetres with a scale, else in pixels. */
export function profileCsv(samples: Sample[], scale: number | null): string {
  const unit = scale === null ? "px" : "mm";
  const number = (value: number) => String(Number((value * (scale ?? 1)).toPrecision(7)));
  const rows = samples.map(({ along, height }) => `${number(along)},${height === null ? "" : number(height)}`);
  return `${[`distance_${unit},height_${unit}`, ...rows].join("\n")}\n`;
}
