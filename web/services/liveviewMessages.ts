/** What the page and the live view's worker say to each other. */
import type { Point, Zoom } from "../lib/fit";

/** How the picture is shown; sizes are device pixels. */
export interface View {
  width: number;
  height: number;
  pixelRatio: number;
  zoom: Zoom;
  /** What lies in the middle while magnified. */
  centre: Point;
  /** Where focus is measured. */
  spot: Point;
  histogram: boolean;
  clipping: boolean;
  peaking: boolean;
  focus: boolean;
  grid: boolean;
  /** Width to height of the mask; null shows the whole frame. */
  mask: number | null;
}

export type ToWorker =
  | { kind: "canvas"; canvas: OffscreenCanvas }
  | { kind: "histogram"; canvas: OffscreenCanvas }
  | { kind: "view"; view: View }
  | { kind: "frame"; frame: ArrayBuffer };

export interface Drawn {
  kind: "drawn";
  stream: number;
  seq: number;
  capturedAt: number;
  width: number;
  height: number;
  bytes: number;
}

export interface Measured {
  kind: "measured";
  sharpness: number | null;
  bright: number;
  dark: number;
}

/** A frame that could not be decoded; the next one may come. */
export interface Broken {
  kind: "broken";
  stream: number;
}

export type FromWorker = Drawn | Measured | Broken;
