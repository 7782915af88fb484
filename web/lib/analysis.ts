/** What a picture's pixels say: histogram, clipped share, sharpness. Pixels are RGBA bytes as a canvas gives them. */
export interface Histogram {
  red: Uint32Array;
  green: Uint32Array;
  blue: Uint32Array;
  luma: Uint32Array;
  pixels: number;
  /** Share of the pixels in which a channel is full, from 0 to 1. */
  bright: number;
  /** Share of the pixels in which all channels are empty. */
  dark: number;
}

export const FULL = 252;
export const EMPTY = 3;

/** Luma of BT.709 in whole numbers. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 54 + green * 183 + blue * 19) >> 8;
}

export function histogramOf(rgba: Uint8ClampedArray): Histogram {
  const red = new Uint32Array(256);
  const green = new Uint32Array(256);
  const blue = new Uint32Array(256);
  const light = new Uint32Array(256);
  const pixels = rgba.length / 4;
  let bright = 0;
  let dark = 0;
  for (let i = 0; i < rgba.length; i += 4) {
    const r = rgba[i]!;
    const g = rgba[i + 1]!;
    const b = rgba[i + 2]!;
    red[r]!++;
    green[g]!++;
    blue[b]!++;
    light[luma(r, g, b)]!++;
    if (r >= FULL || g >= FULL || b >= FULL) bright++;
    else if (r <= EMPTY && g <= EMPTY && b <= EMPTY) dark++;
  }
  return { red, green, blue, luma: light, pixels, bright: bright / pixels, dark: dark / pixels };
}

/** How sharp a piece of a picture is: the variance of its Laplacian, whatever the brightness, from 0 upwards. */
export function sharpnessOf(rgba: Uint8ClampedArray, width: number, height: number): number {
  const light = new Float32Array(width * height);
  let mean = 0;
  for (let i = 0; i < light.length; i++) {
    light[i] = luma(rgba[i * 4]!, rgba[i * 4 + 1]!, rgba[i * 4 + 2]!);
    mean += light[i]!;
  }
  mean = mean / light.length + 8;
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const edge = light[at - 1]! + light[at + 1]! + light[at - width]! + light[at + width]! - 4 * light[at]!;
      sum += edge;
      squares += edge * edge;
      count++;
    }
  }
  if (count === 0) return 0;
  const variance = squares / count - (sum / count) ** 2;
  return (1000 * variance) / (mean * mean);
}

/** Paint what is clipped in stripes: full channels amber, empty ones blue; elsewhere nothing. */
export function paintClipping(from: Uint8ClampedArray, to: Uint8ClampedArray, width: number, phase: number): void {
  for (let i = 0; i < from.length; i += 4) {
    const r = from[i]!;
    const g = from[i + 1]!;
    const b = from[i + 2]!;
    const full = r >= FULL || g >= FULL || b >= FULL;
    const empty = r <= EMPTY && g <= EMPTY && b <= EMPTY;
    if (!full && !empty) continue;
    const at = i / 4;
    const striped = ((at % width) + Math.floor(at / width) + phase) % 6 < 3;
    to[i] = full ? 255 : 60;
    to[i + 1] = full ? 120 : 130;
    to[i + 2] = full ? 40 : 255;
    to[i + 3] = striped ? 235 : 70;
  }
}

/** Paint the strongest edges, which are those in focus. */
export function paintPeaking(from: Uint8ClampedArray, to: Uint8ClampedArray, width: number, height: number): void {
  const threshold = 42;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = (y * width + x) * 4;
      const across = from[i + 5]! - from[i - 3]!;
      const down = from[i + width * 4 + 1]! - from[i - width * 4 + 1]!;
      const edge = Math.abs(across) + Math.abs(down);
      if (edge < threshold) continue;
      to[i] = 255;
      to[i + 1] = 92;
      to[i + 2] = 64;
      to[i + 3] = Math.min(255, edge * 3);
    }
  }
}
