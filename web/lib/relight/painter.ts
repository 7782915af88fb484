/** What draws a surface: a graphics processor, else the main one. */

import type { Direction } from "../dome";
import type { Look } from "../resultLink";
import type { Layer } from "../results";
import type { Planes } from "./planes";
import type { Tile } from "./tiles";

export type PictureName = "normals" | "albedo" | "height" | "residual";
export type Pictures = Partial<Record<PictureName, ImageBitmap>>;

/** A part of the canvas with one layer of one surface. All lengths are in pixels of the canvas, y down. */
export interface Scene {
  pictures: Pictures;
  /** From where to where the colours of the height go, as shares of its range. */
  heights: [number, number];
  layer: Layer;
  light: Direction;
  look: Look;
  /** The image under the nearest lamp, for the layer that shows it. */
  source: ImageBitmap | null;
  /** What comes over the pictures where one looks closely, coarse to fine. */
  tiles: readonly Tile<Pictures>[];
  /** Whether they cover all that is seen of the pictures, which then need not be drawn. */
  covered: boolean;
  /** What the images themselves say, for the layer that shows it. */
  planes: Planes | null;
  /** What comes over them where one looks closely. */
  planeTiles: readonly Tile<readonly ImageBitmap[]>[];
  /** Where the whole picture lies. */
  place: { left: number; top: number; width: number; height: number };
  /** From where to where the scene is drawn. */
  from: number;
  to: number;
}

export interface Painter {
  readonly kind: "gl" | "cpu";
  draw(scenes: Scene[]): void;
  dispose(): void;
}

/** There is no WebGL 2 here, or no more of it. */
export class NoGraphics extends Error {}

/** The gray around pictures, as the tokens have it. */
export const MAT = 16 / 255;
