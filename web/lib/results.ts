/** What the server has computed of a set, and whether it still belongs to the set's images. */
import type { Direction } from "./dome";
import type { Lamp } from "./light";
import type { Manifest, ResultRecord } from "./protocol";
import type { TileGrid } from "./relight/tiles";

export const LAYERS = ["relit", "normals", "albedo", "shaded", "height", "residual", "source", "measured"] as const;
export type Layer = (typeof LAYERS)[number];

/** Layers of which tiles of the surface have all that is shown. */
export const TILED: readonly Layer[] = ["relit", "normals", "albedo", "shaded"];

export const LAYER_NAMES: Record<Layer, string> = {
  relit: "Relit",
  normals: "Normals",
  albedo: "Albedo",
  shaded: "Shaded",
  height: "Height",
  residual: "Residual",
  source: "Photograph",
  measured: "As measured",
};

export const LAYER_WORDS: Record<Layer, string> = {
  relit: "The object under your light.",
  normals: "Which way the surface faces. Red: right. Green: up. Blue: to the camera.",
  albedo: "The colour alone, without light and shadow.",
  shaded: "The relief alone, without colour.",
  height: "Dark is low, bright is high.",
  residual: "What the model does not explain, as a share of the albedo.",
  source: "The image that was taken under the nearest lamp.",
  measured: "The images themselves, with what lies between the lamps computed: no model of the surface.",
};

/** `view/view.json`: what the pictures that the page shows mean. */
export interface ViewIndex {
  version: number;
  width: number;
  height: number;
  /** Image pixels to each pixel of the pictures. */
  step: number;
  image_width: number;
  image_height: number;
  height_low: number;
  height_high: number;
  height_unit: "mm" | "pixels";
  /** From where to where colours go, as shares of the range: spikes are left out. */
  height_shown: [number, number];
  /** What there is of normals and albedo for a closer look, in `view/large/`; only in those of version 1. */
  large?: { width: number; height: number } | null;
  /** The same from version 2 on, in `view/normals_files/` and `view/albedo_files/`; null where the first ones have all. */
  tiles?: TileGrid | null;
}

export interface ReportLight {
  filename: string;
  light: string | null;
  direction?: Direction;
  position?: Direction;
  intensity: number;
  exposure: number;
  used: boolean;
  clipped_share?: number;
  /** How far its lit samples are from what is predicted, as a share of the albedo. */
  residual?: number;
}

/** `report.json`, as far as the page reads it. */
export interface Report {
  kind: string;
  method: string;
  why: string;
  width: number;
  height: number;
  shrink: number;
  height_unit: string;
  scale_mm_per_pixel: number | null;
  lights_source: string;
  lights: ReportLight[];
  excluded?: string[];
  near: boolean;
  ambient: string | null;
  intensities: string | null;
  response: string;
  nearly_lambertian?: boolean;
  figures: Record<string, number>;
  warnings: string[];
  software: Record<string, string>;
  inputs_sha256: Record<string, string>;
}

/** The surface of a set, else its preview; null where nothing was computed. */
export function resultOf(manifest: Manifest | null): ResultRecord | null {
  const known = manifest?.results ?? [];
  return known.find(({ kind }) => kind === "surface") ?? known.find(({ kind }) => kind === "preview") ?? null;
}

/** What of a set can be lit as it was measured; null where it was not made. */
export function planesOf(manifest: Manifest | null): ResultRecord | null {
  return manifest?.results.find(({ kind }) => kind === "relight") ?? null;
}

/** Whether a result has the pictures that this page shows; those of older versions have not. */
export function hasViews({ folder, files }: ResultRecord): boolean {
  return files.some(({ filename }) => filename === `${folder}/view/view.json`);
}

/** The lamps of a result: unit vectors, also of those with positions. */
export function lampsOf(report: Report): Lamp[] {
  return report.lights.flatMap(({ filename, light, direction, position }) => {
    const vector = direction ?? position;
    const length = vector ? Math.hypot(...vector) : 0;
    if (!vector || length === 0) return [];
    const unit = vector.map((part) => part / length) as Direction;
    return [{ name: light ?? filename, direction: unit, filename }];
  });
}

/** Where the directions of the lights came from, in words. */
export function sourceWords({ lights_source: source, near }: Report): string {
  const what = near ? "Positions" : "Directions";
  return source === "manifest" ? `${what} of the rig, as the set noted them.` : `${what} from the file ${source}.`;
}
