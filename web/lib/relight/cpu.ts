import type { Direction } from "../dome";
import type { Layer } from "../results";
import { ALTITUDE, CLAY, HEAT, LEVELS_PER_PERCENT, lit, mapped, RESIDUAL_SHOWN, toLinear, toSrgb } from "../shading";
import { MAT, type Painter, type PictureName, type Scene } from "./painter";

/** Pixels of the longer edge: what the main processor draws while a hand moves. */
const LONGEST = 420;
const DARK = Math.round(MAT * 255);
const LINEAR = Float32Array.from({ length: 256 }, (_, value) => toLinear(value / 255));
const CODED = Uint8ClampedArray.from({ length: 1025 }, (_, value) => toSrgb(value / 1024) * 255);

interface Small {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/** Draws without a graphics processor: coarser, and with all layers. */
export class CpuPainter implements Painter {
  readonly kind = "cpu";
  private readonly context: CanvasRenderingContext2D;
  private readonly small = new WeakMap<ImageBitmap, Small>();

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("This browser draws nothing.");
    this.context = context;
  }

  draw(scenes: Scene[]): void {
    const { context, canvas } = this;
    context.fillStyle = `rgb(${DARK} ${DARK} ${DARK})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const scene of scenes) {
      const drawn = this.drawn(scene);
      if (drawn === null) continue;
      const { left, top, width, height } = scene.place;
      context.save();
      context.beginPath();
      context.rect(scene.from, 0, scene.to - scene.from, canvas.height);
      context.clip();
      context.drawImage(drawn, left, top, width, height);
      context.restore();
    }
  }

  dispose(): void {}

  private drawn(scene: Scene): CanvasImageSource | null {
    if (scene.layer === "source") return scene.source;
    if (scene.layer === "measured") return this.measured(scene);
    const normals = this.of(scene.pictures.normals);
    if (normals === null) return null;
    const name: PictureName = scene.layer === "relit" ? "albedo" : scene.layer === "shaded" ? "normals" : scene.layer;
    const own = this.of(scene.pictures[name], normals);
    if (own === null) return null;
    const image = new ImageData(normals.width, normals.height);
    paint(image.data, normals.data, own.data, scene);
    return canvasOf(image);
  }

  private measured({ planes, light }: Scene): CanvasImageSource | null {
    const parts = planes?.pictures.map((picture) => this.of(picture)!);
    if (!planes || !parts?.[0]) return null;
    const image = new ImageData(parts[0].width, parts[0].height);
    planes.paint(
      image.data,
      parts.map(({ data }) => data),
      light,
    );
    return canvasOf(image);
  }

  private of(picture: ImageBitmap | undefined, like?: Small): Small | null {
    if (!picture) return null;
    const known = this.small.get(picture);
    if (known) return known;
    const shrink = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const width = like?.width ?? Math.max(1, Math.round(picture.width * shrink));
    const height = like?.height ?? Math.max(1, Math.round(picture.height * shrink));
    const made = { width, height, data: pixelsOf(picture, width, height) };
    this.small.set(picture, made);
    return made;
  }
}

/** The pixels of a picture, at a size. */
export function pixelsOf(picture: ImageBitmap, width = picture.width, height = picture.height): Uint8ClampedArray {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingEnabled = width !== picture.width;
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function canvasOf(image: ImageData): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas;
}

type Bytes = Uint8ClampedArray;

function paint(into: Bytes, normals: Bytes, own: Bytes, { layer, light, look, heights }: Scene): void {
  const shine = { layer, light, ...look };
  for (let at = 0; at < normals.length; at += 4) {
    into[at + 3] = 255;
    if (normals[at + 3]! < 128) {
      into[at] = into[at + 1] = into[at + 2] = DARK;
      continue;
    }
    if (layer === "relit" || layer === "shaded") {
      const { colour, gloss } = lit(normalAt(normals, at), shine);
      for (let part = 0; part < 3; part++) {
        const plain = layer === "relit" ? LINEAR[own[at + part]!]! : CLAY;
        into[at + part] = CODED[Math.min(1024, Math.round((plain * colour + gloss) * 1024))]!;
      }
    } else put(into, at, plainColour(layer, own, at, heights));
  }
}

function put(into: Bytes, at: number, colour: readonly number[]): void {
  for (let part = 0; part < 3; part++) into[at + part] = colour[part]!;
}

function plainColour(layer: Layer, own: Bytes, at: number, [low, high]: [number, number]): readonly number[] {
  if (layer === "height") {
    const share = (own[at]! * 256 + own[at + 1]!) / 65535;
    return mapped(ALTITUDE, (share - low) / Math.max(high - low, 1e-6));
  }
  if (layer === "residual") return mapped(HEAT, own[at]! / (LEVELS_PER_PERCENT * RESIDUAL_SHOWN));
  return [own[at]!, own[at + 1]!, own[at + 2]!];
}

/** The unit vector that stands in a picture of normals at a byte. */
export function normalAt(normals: Bytes, at: number): Direction {
  const [x, y, z] = [normals[at]! / 127.5 - 1, normals[at + 1]! / 127.5 - 1, normals[at + 2]! / 127.5 - 1];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}
