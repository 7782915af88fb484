/** The surface of a set as the page has loaded it. */
import type { Direction } from "./dome";
import type { Point } from "./fit";
import type { ResultRecord } from "./protocol";
import { normalAt, pixelsOf } from "./relight/cpu";
import type { PictureName, Pictures } from "./relight/painter";
import type { Planes, PlanesInfo } from "./relight/planes";
import type { TileGrid, Tiles } from "./relight/tiles";
import { hasViews, type Report, type ViewIndex } from "./results";
import { LEVELS_PER_PERCENT } from "./shading";
import type { Size } from "./zoom";

/** Pixels of what the server draws of a result that has no pictures for the page. */
const DRAWN = 1600;
/** Pixels of the edge of a tile of planes, and of the longer edge of what is looked at first of them. */
const PLANE_TILE = 512;
const PREVIEW = 2048;

export interface Addresses {
  /** Of a file of the set. */
  file: (name: string) => string;
  /** Of a small version of an image of the set. */
  drawn: (name: string, size: number) => string;
}

export class Surface {
  readonly pictures: Pictures = {};
  /** The part that is looked at closely; null until somebody does. */
  tiles: Tiles<Pictures> | null = null;
  /** The same of what the images themselves say. */
  planeTiles: Tiles<readonly ImageBitmap[]> | null = null;
  /** Where it was made what the images themselves say; null where it was not. */
  measured: ResultRecord | null = null;
  /** The same as it was loaded; null until somebody looks at it. */
  planes: Planes | null = null;
  private planesMade: string | null | undefined;
  private readonly pixels = new Map<PictureName, Uint8ClampedArray>();

  constructor(
    readonly setName: string,
    readonly record: ResultRecord,
    readonly report: Report,
    /** Null for a result of an older version, whose pictures the server draws when they are asked for. */
    readonly index: ViewIndex | null,
    private readonly addresses: Addresses,
  ) {}

  /** The size of the images that it was made of. */
  get size(): Size {
    const { report, index } = this;
    if (index) return { width: index.image_width, height: index.image_height };
    return { width: report.width * report.shrink, height: report.height * report.shrink };
  }

  /** From where to where the colours of the height go, as shares of its range. */
  get shownHeights(): [number, number] {
    return this.index?.height_shown ?? [0, 1];
  }

  /** Whether a picture can be had. */
  has(name: PictureName): boolean {
    return this.index !== null || name !== "height";
  }

  /** Load a picture unless it is there. */
  async load(name: PictureName): Promise<void> {
    if (this.pictures[name] || !this.has(name)) return;
    const { folder } = this.record;
    if (this.index) this.pictures[name] = await bitmap(this.addresses.file(`${folder}/view/${name}.png`));
    else if (name === "normals") this.pictures.normals = await this.masked();
    else this.pictures[name] = await bitmap(this.addresses.drawn(`${folder}/${name}.png`, DRAWN));
  }

  /** The longer edge of the pictures for a closer look; null where those that are shown have all there is. */
  get sharper(): number | null {
    const { index, pictures } = this;
    if (!index?.large || (pictures.normals?.width ?? 0) >= index.large.width) return null;
    return Math.max(index.large.width, index.large.height);
  }

  /** Load normals and albedo for a closer look, in the place of those that are there. */
  async sharpen(): Promise<void> {
    if (this.sharper === null) return;
    const place = `${this.record.folder}/view/large`;
    const [normals, albedo] = await Promise.all(
      ["normals", "albedo"].map((name) => bitmap(this.addresses.file(`${place}/${name}.png`))),
    );
    this.pictures.normals = normals;
    this.pictures.albedo = albedo;
    this.pixels.clear();
  }

  /** Have tiles of what is looked at closely from now on; `onChange` is told when some have come. */
  async closer(onChange: () => void): Promise<void> {
    const grid = this.index?.tiles;
    const planes = this.planes && planeGrid(this.measured);
    if ((!grid || this.tiles) && (!planes || this.planeTiles)) return;
    const { Tiles } = await import("./relight/tiles");
    if (planes) this.planeTiles ??= this.planeTilesOf(Tiles, planes, onChange);
    if (!grid) return;
    const place = (name: string, step: number, x: number, y: number) =>
      this.addresses.file(`${this.record.folder}/view/${name}_files/${step}/${x}_${y}.jpg`);
    this.tiles ??= new Tiles<Pictures>(
      grid,
      async (step, x, y, signal) => {
        const [normals, albedo] = await Promise.all(
          ["normals", "albedo"].map((name) => bitmap(place(name, step, x, y), signal)),
        );
        return { normals, albedo };
      },
      (pictures) => {
        for (const picture of Object.values(pictures)) picture?.close();
      },
      onChange,
    );
  }

  /** Load what the images themselves say, where it was made and is not there as it was made last. */
  async measure(): Promise<void> {
    const { measured } = this;
    if (!measured || (this.planes && this.planesMade === measured.made_at)) return;
    // Small enough for any browser.
    const place = `${measured.folder}/preview`;
    const [{ Planes }, info] = await Promise.all([
      import("./relight/planes"),
      json<PlanesInfo>(this.addresses.file(`${place}/info.json`)),
    ]);
    const names = Array.from({ length: info.nplanes / 3 }, (_, number) => `${place}/plane_${number}.jpg`);
    this.planes = new Planes(info, await Promise.all(names.map((name) => bitmap(this.addresses.file(name)))));
    this.planesMade = measured.made_at;
    this.planeTiles?.rest();
    this.planeTiles = null;
  }

  private planeTilesOf(kind: typeof Tiles, grid: TileGrid, onChange: () => void): Tiles<readonly ImageBitmap[]> {
    const { folder } = this.measured!;
    const top = grid.steps.length - 1;
    return new kind<readonly ImageBitmap[]>(
      { ...grid, steps: grid.steps.filter((step) => Math.max(grid.width, grid.height) / step > PREVIEW) },
      async (step, x, y, signal) => {
        const level = top - Math.log2(step);
        const names = this.planes!.pictures.map((_, plane) => `${folder}/plane_${plane}_files/${level}/${x}_${y}.jpg`);
        const pictures = await Promise.all(names.map((name) => bitmap(this.addresses.file(name), signal)));
        const width = Math.min(grid.edge, Math.ceil(grid.width / step) - x * grid.edge);
        // Earlier versions counted levels from another end.
        if (pictures[0]?.width !== width) throw new Error("A tile has another size than it should.");
        return pictures;
      },
      (pictures) => {
        for (const picture of pictures) picture.close();
      },
      onChange,
    );
  }

  private async masked(): Promise<ImageBitmap> {
    const { folder } = this.record;
    const [normals, mask] = await Promise.all(
      ["normals", "mask"].map((name) => bitmap(this.addresses.drawn(`${folder}/${name}.png`, DRAWN))),
    );
    const data = new ImageData(normals!.width, normals!.height);
    data.data.set(pixelsOf(normals!));
    const inside = pixelsOf(mask!, normals!.width, normals!.height);
    for (let at = 0; at < inside.length; at += 4) data.data[at + 3] = inside[at]! < 128 ? 0 : 255;
    return createImageBitmap(data, { premultiplyAlpha: "none" });
  }

  /** What a picture has at a point of the images; null outside of the object, and where it is not loaded. */
  private at(name: PictureName, { x, y }: Point): [Uint8ClampedArray, number] | null {
    const picture = this.pictures[name];
    if (!picture) return null;
    let pixels = this.pixels.get(name);
    if (!pixels) {
      pixels = pixelsOf(picture);
      this.pixels.set(name, pixels);
    }
    const column = Math.floor((x / this.size.width) * picture.width);
    const row = Math.floor((y / this.size.height) * picture.height);
    if (column < 0 || row < 0 || column >= picture.width || row >= picture.height) return null;
    return [pixels, 4 * (row * picture.width + column)];
  }

  normal(point: Point): Direction | null {
    const found = this.at("normals", point);
    return found && found[0][found[1] + 3]! >= 128 ? normalAt(...found) : null;
  }

  albedo(point: Point): [number, number, number] | null {
    const found = this.normal(point) && this.at("albedo", point);
    return found && [found[0][found[1]]!, found[0][found[1] + 1]!, found[0][found[1] + 2]!];
  }

  /** In per cent of the albedo. */
  residual(point: Point): number | null {
    const found = this.normal(point) && this.at("residual", point);
    return found && found[0][found[1]]! / LEVELS_PER_PERCENT;
  }

  /** In pixels of the images; in millimetres with `scale`, which is mm per pixel. */
  height(point: Point, scale: number | null = null): number | null {
    const found = this.at("height", point);
    if (!found || !this.index || found[0][found[1] + 3]! < 128) return null;
    const share = (found[0][found[1]]! * 256 + found[0][found[1] + 1]!) / 65535;
    const value = this.index.height_low + share * (this.index.height_high - this.index.height_low);
    return value * this.heightFactor(scale);
  }

  /** What a number of the height picture is multiplied by to be in pixels of the images, or in millimetres. */
  heightFactor(scale: number | null): number {
    const { index, report } = this;
    if (!index) return 1;
    // The unit was decided when it was made; a scale that was noted since counts all the same.
    const made = report.scale_mm_per_pixel;
    const inPixels = index.height_unit === "mm" ? (made ? 1 / made : 1) : report.shrink;
    return inPixels * (scale ?? 1);
  }
}

/** The tiles of planes, as the server writes them; null where they are small enough as they are. */
function planeGrid(record: ResultRecord | null): TileGrid | null {
  const { width, height } = record?.figures ?? {};
  if (!record || !width || !height || !record.files.some(({ filename }) => filename.endsWith("/plane_0.dzi")))
    return null;
  const levels = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / PLANE_TILE)));
  return { edge: PLANE_TILE, steps: Array.from({ length: levels + 1 }, (_, level) => 2 ** level), width, height };
}

/** Read what is told of a result and load what the first look at it needs. */
export async function openSurface(setName: string, record: ResultRecord, addresses: Addresses): Promise<Surface> {
  const { folder } = record;
  const [report, index] = await Promise.all([
    json<Report>(addresses.file(`${folder}/report.json`)),
    hasViews(record) ? json<ViewIndex>(addresses.file(`${folder}/view/view.json`)) : null,
  ]);
  const surface = new Surface(setName, record, report, index, addresses);
  await Promise.all([surface.load("normals"), surface.load("albedo")]);
  return surface;
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The server does not give a part of the result (${answer.status}).`);
  return (await answer.json()) as T;
}

/** Load a picture with the numbers that its file has. */
export async function bitmap(url: string, signal?: AbortSignal): Promise<ImageBitmap> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`The server does not give a picture of the result (${answer.status}).`);
  return createImageBitmap(await answer.blob(), { premultiplyAlpha: "none", colorSpaceConversion: "none" });
}
