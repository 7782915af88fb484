/** Sorting and naming of image sets and their images. */
import { lightLabel } from "./format";
import { standingFor } from "./images";
import type { CapturesChange, ImageFile, ImageSet, ListSets } from "./protocol";

export type ShelfOrder = "newest" | "oldest" | "name" | "size" | "rating";
type RatingFilter = "all" | "stars1" | "stars3" | "stars5" | "unrated";
export type SetFilter = RatingFilter | "complete" | "partial";
export type ShotFilter = RatingFilter | "rejected";

const RATINGS: Record<RatingFilter, (rated: { rating: number | null }) => boolean> = {
  all: () => true,
  stars1: ({ rating }) => (rating ?? 0) >= 1,
  stars3: ({ rating }) => (rating ?? 0) >= 3,
  stars5: ({ rating }) => (rating ?? 0) >= 5,
  unrated: ({ rating }) => !rating,
};
const FILTERS: Record<SetFilter, (set: ImageSet) => boolean> = {
  ...RATINGS,
  complete: isComplete,
  partial: (set) => !isComplete(set),
};
const WANTED: Record<SetFilter, Partial<ListSets>> = {
  all: {},
  complete: { complete: true },
  partial: { complete: false },
  stars1: { min_rating: 1 },
  stars3: { min_rating: 3 },
  stars5: { min_rating: 5 },
  unrated: { max_rating: 0 },
};

/** Which sets are shown, and in what order. */
export interface ListQuery {
  search: string;
  order: ShelfOrder;
  filter: SetFilter;
  facets: Facets;
}

/** What chosen sets have in common; null where that does not matter. */
export interface Facets {
  /** YYYY-MM-DD */
  day: string | null;
  object: string | null;
  camera: string | null;
}

export const ANY: Facets = { day: null, object: null, camera: null };

function isComplete({ status }: ImageSet): boolean {
  return status === "completed" || status === null;
}

/** What the server is asked for. */
export function wantedOf({ search, order, filter, facets }: ListQuery): Partial<ListSets> {
  const words = search.trim().slice(0, 200);
  const common = Object.fromEntries(Object.entries(facets).filter(([, value]) => value !== null));
  return { ...(words && { search: words }), order: order in ORDERS ? order : "newest", ...WANTED[filter], ...common };
}

/** What a set shows, as the server says it: its catalogue number, else its name without the time at the end. */
export function objectOf({ name, catalogue_number }: Pick<ImageSet, "name" | "catalogue_number">): string {
  return catalogue_number || name.replace(/[-_ ]?\d{8}[-_T]?\d{4,6}(?:-\d+)?$/, "") || name;
}

/** Whether a set is one of those that are asked for: every word in name, camera or catalogue number, and the filter. */
export function matches(set: ImageSet, { search, filter, facets }: ListQuery): boolean {
  const words = `${set.name} ${set.camera ?? ""} ${set.catalogue_number ?? ""}`;
  const { day, object, camera } = facets;
  return (
    holds(words, search) &&
    (FILTERS[filter] ?? FILTERS.all)(set) &&
    (object === null || object === objectOf(set)) &&
    (camera === null || camera === set.camera) &&
    (day === null || day === dayOf(set))
  );
}

/** The day as the clock here has it; the server may be in another zone, which shows only at the next look. */
function dayOf({ created_at }: ImageSet): string | null {
  if (!created_at) return null;
  const when = new Date(created_at);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

/** Compare sets as the server does. */
export function inOrder(order: ShelfOrder): (a: ImageSet, b: ImageSet) => number {
  const places = ORDERS[order] ?? ORDERS.newest;
  return (a, b) => {
    const [one, other] = [places(a), places(b)];
    const at = one.findIndex((part, index) => part !== other[index]);
    return at < 0 ? 0 : one[at]! < other[at]! ? -1 : 1;
  };
}

const ORDERS: Record<ShelfOrder, (set: ImageSet) => (number | string)[]> = {
  newest: (set) => [-began(set), set.name],
  oldest: (set) => [began(set), set.name],
  name: ({ name }) => [name.toLowerCase(), name],
  size: (set) => [-set.size, -began(set), set.name],
  rating: (set) => [-(set.rating ?? 0), -began(set), set.name],
};

function began({ created_at }: ImageSet): number {
  return (created_at && Date.parse(created_at)) || 0;
}

/** The single shots, newest first, that hold every word of the search in name or notes and pass the filter, in order. */
export function arrangeShots(shots: Shot[], search: string, order: ShelfOrder, filter: ShotFilter): Shot[] {
  const passes = filter === "rejected" ? ({ rating }: ImageFile) => rating === -1 : (RATINGS[filter] ?? RATINGS.all);
  const found = shots.filter(({ image }) => holds(`${image.filename} ${image.notes ?? ""}`, search) && passes(image));
  // Files say nothing of their time; the list they come in does.
  const place = new Map(shots.map((shot, index) => [shot, shots.length - index]));
  return sorted(found, order, (shot) => ({ ...describe(shot), when: String(place.get(shot)).padStart(9, "0") }));
}

function describe({ image, others }: Shot): Omit<Sortable, "when"> {
  return {
    name: image.filename,
    size: others.reduce((sum, other) => sum + other.size, image.size),
    rating: image.rating,
  };
}

function holds(text: string, search: string): boolean {
  const low = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}

interface Sortable {
  name: string;
  size: number;
  rating: number | null;
  when: string;
}

function sorted<Thing>(things: Thing[], order: ShelfOrder, describe: (thing: Thing) => Sortable): Thing[] {
  const newest = (a: Sortable, b: Sortable) => b.when.localeCompare(a.when);
  const orders: Record<ShelfOrder, (a: Sortable, b: Sortable) => number> = {
    newest,
    oldest: (a, b) => newest(b, a),
    name: (a, b) => a.name.localeCompare(b.name),
    size: (a, b) => b.size - a.size,
    rating: (a, b) => (b.rating ?? 0) - (a.rating ?? 0) || newest(a, b),
  };
  const compare = orders[order] ?? newest;
  return things
    .map((thing) => ({ thing, as: describe(thing) }))
    .sort((a, b) => compare(a.as, b.as))
    .map(({ thing }) => thing);
}

/** Where a set stands, in words, where it is not simply complete. */
export function statusWords(set: ImageSet): string | null {
  if (set.fault) return "broken";
  switch (set.status) {
    case "running":
      return "being captured";
    case "paused":
      return "paused";
    case "cancelled":
      return "partial: stopped";
    case "failed":
    case "interrupted":
      return `partial: ${set.status}`;
    default:
      return null;
  }
}

/** Ratings by filename, of images that were rated. */
export function ratingsOf(images: ImageFile[]): Record<string, number> {
  return Object.fromEntries(images.flatMap(({ filename, rating }) => (rating === null ? [] : [[filename, rating]])));
}

/** A list of captures, newest first, after a change; where a restored one belongs only the server knows. */
export function changed(captures: ImageFile[], { change, files }: CapturesChange): ImageFile[] {
  const named = new Map(files.map((file) => [file.path, file]));
  switch (change) {
    case "created": {
      // Told twice, by an event and by the reply to a request; what came first may have been rated since.
      const known = new Set(captures.map(({ path }) => path));
      return [...files.filter(({ path }) => !known.has(path)), ...captures];
    }
    case "updated":
      return captures.map((file) => named.get(file.path) ?? file);
    case "deleted":
      return captures.filter(({ path }) => !named.has(path));
    default:
      return captures;
  }
}

export interface Shot {
  image: ImageFile;
  /** Other files of the same exposure, such as the RAW. */
  others: ImageFile[];
}

/** One entry per exposure: the JPEG to look at, with what belongs to it. */
export function shotsOf(images: ImageFile[]): Shot[] {
  const byStem = new Map<string, ImageFile[]>();
  for (const image of images) {
    const stem = image.filename.replace(/\.[^.]+$/, "");
    byStem.set(stem, [...(byStem.get(stem) ?? []), image]);
  }
  return [...byStem.values()].map((files) => {
    const image = standingFor(files, (file) => file.filename)!;
    return { image, others: files.filter((file) => file !== image) };
  });
}

/** The light that stands in a filename such as image_03_light_left.jpg. */
export function lightOf(image: Pick<ImageFile, "filename">): string {
  const match = /^image_(\d+)_(.+?)(?:-\d+)?\.[^.]+$/.exec(image.filename);
  return match ? lightLabel(match[2]!) : image.filename;
}
