/** The part of a large picture that is looked at, in tiles of the size that the screen shows; bounded by the screen. */

export interface TileGrid {
  /** Pixels of the edge of a tile. */
  edge: number;
  /** Sizes in which there are tiles, as pixels of the picture to each of theirs, the finest first. */
  steps: readonly number[];
  /** Of the picture. */
  width: number;
  height: number;
}

/** A part of a picture, all as shares of it. */
export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Tile<T> extends Rect {
  content: T;
}

interface Place extends Rect {
  key: string;
  step: number;
  x: number;
  y: number;
}

/** Screen pixels to a pixel of a tile from which on smaller ones are loaded. */
const CLOSE = 1.25;
const AT_A_TIME = 4;
/** Tiles that are kept besides those that are looked at: a few steps back cost nothing then. */
const SPARE = 16;

/** Loads tiles as they are looked at, lets go of others, and forgets what failed when one looks elsewhere. */
export class Tiles<T> {
  private readonly kept = new Map<string, Tile<T>>();
  private readonly failed = new Set<string>();
  private readonly loading = new Map<string, AbortController>();
  private wanted: Place[] = [];

  constructor(
    private readonly grid: TileGrid,
    private readonly read: (step: number, x: number, y: number, signal: AbortSignal) => Promise<T>,
    private readonly free: (content: T) => void,
    private readonly onChange: () => void,
  ) {}

  /** Tiles that are held. */
  get count(): number {
    return this.kept.size;
  }

  /** Whether a tile that is looked at could not be loaded. */
  get lacks(): boolean {
    return this.wanted.some(({ key }) => this.failed.has(key));
  }

  /** Whether all that is looked at is there. */
  get whole(): boolean {
    return this.wanted.every(({ key }) => this.kept.has(key));
  }

  /** What there is of a part, coarse to fine, on a screen with so many pixels to one of the picture; the rest is loaded. */
  look(seen: Rect, scale: number): Tile<T>[] {
    const step = stepFor(this.grid.steps, scale);
    this.wanted = placesIn(this.grid, step, seen);
    const keys = new Set(this.wanted.map(({ key }) => key));
    for (const [key, stop] of this.loading) if (!keys.has(key)) stop.abort();
    for (const key of this.failed) if (!keys.has(key)) this.failed.delete(key);
    this.fetchMore();
    const shown = this.wanted.flatMap(({ key }) => this.kept.get(key) ?? []);
    if (shown.length === this.wanted.length) return shown;
    const coarser = [...this.kept].filter(([key, tile]) => Number.parseInt(key, 10) > step && meets(tile, seen));
    return [
      ...coarser.sort(([a], [b]) => Number.parseInt(b, 10) - Number.parseInt(a, 10)).map(([, tile]) => tile),
      ...shown,
    ];
  }

  /** Let go of all. */
  rest(): void {
    for (const stop of this.loading.values()) stop.abort();
    for (const { content } of this.kept.values()) this.free(content);
    this.kept.clear();
    this.wanted = [];
  }

  private fetchMore(): void {
    for (const place of this.wanted) {
      if (this.loading.size >= AT_A_TIME) return;
      if (!this.kept.has(place.key) && !this.loading.has(place.key) && !this.failed.has(place.key))
        void this.fetch(place);
    }
  }

  private async fetch({ key, step, x, y, ...rect }: Place): Promise<void> {
    const stop = new AbortController();
    this.loading.set(key, stop);
    try {
      const content = await this.read(step, x, y, stop.signal);
      if (stop.signal.aborted) this.free(content);
      else this.keep(key, { ...rect, content });
    } catch {
      if (!stop.signal.aborted) this.failed.add(key);
    } finally {
      this.loading.delete(key);
    }
    this.fetchMore();
    this.onChange();
  }

  private keep(key: string, tile: Tile<T>): void {
    this.kept.set(key, tile);
    const looked = new Set(this.wanted.map((place) => place.key));
    for (const [old, { content }] of this.kept) {
      if (this.kept.size <= looked.size + SPARE) return;
      if (looked.has(old)) continue;
      this.kept.delete(old);
      this.free(content);
    }
  }
}

/** The coarsest size that is fine enough, else the finest. */
export function stepFor(steps: readonly number[], scale: number): number {
  return [...steps].reverse().find((step) => step * scale <= CLOSE) ?? steps[0]!;
}

/** The tiles of a size that a part of the picture touches; those in its middle first. */
export function placesIn({ edge, width, height }: TileGrid, step: number, seen: Rect): Place[] {
  if (seen.width <= 0 || seen.height <= 0) return [];
  const span = edge * step;
  const along = (from: number, size: number, whole: number) => {
    const first = Math.max(0, Math.floor((from * whole) / span));
    const end = Math.min(Math.ceil(whole / span), Math.ceil(((from + size) * whole) / span));
    return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  };
  const middle = { x: seen.left + seen.width / 2, y: seen.top + seen.height / 2 };
  const far = (one: Rect) =>
    Math.hypot((one.left + one.width / 2 - middle.x) * width, (one.top + one.height / 2 - middle.y) * height);
  return along(seen.top, seen.height, height)
    .flatMap((y) =>
      along(seen.left, seen.width, width).map((x) => ({
        key: `${step}/${x}_${y}`,
        step,
        x,
        y,
        left: (x * span) / width,
        top: (y * span) / height,
        width: Math.min(span, width - x * span) / width,
        height: Math.min(span, height - y * span) / height,
      })),
    )
    .sort((a, b) => far(a) - far(b));
}

function meets(one: Rect, other: Rect): boolean {
  return (
    one.left < other.left + other.width &&
    other.left < one.left + one.width &&
    one.top < other.top + other.height &&
    other.top < one.top + one.height
  );
}
