/** Sorting and naming of image sets and their images. */
import { lightLabel } from "./format";
import type { ImageFile, ImageSet } from "./protocol";

export type SetOrder = "newest" | "oldest" | "name" | "size" | "rating";
export type SetFilter = "all" | "complete" | "partial" | "stars1" | "stars3" | "stars5" | "unrated";

const FILTERS: Record<SetFilter, (set: ImageSet) => boolean> = {
  all: () => true,
  complete: isComplete,
  partial: (set) => !isComplete(set),
  stars1: (set) => (set.rating ?? 0) >= 1,
  stars3: (set) => (set.rating ?? 0) >= 3,
  stars5: (set) => (set.rating ?? 0) >= 5,
  unrated: (set) => !set.rating,
};

function isComplete({ status }: ImageSet): boolean {
  return status === "completed" || status === null;
}

/** The sets that hold every word of the search in name, camera or catalogue number and pass the filter, in order. */
export function arrange(sets: ImageSet[], search: string, order: SetOrder, filter: SetFilter): ImageSet[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = sets.filter((set) => {
    const text = `${set.name} ${set.camera ?? ""} ${set.catalogue_number ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word)) && (FILTERS[filter] ?? FILTERS.all)(set);
  });
  const when = (set: ImageSet) => set.created_at ?? "";
  const orders: Record<SetOrder, (a: ImageSet, b: ImageSet) => number> = {
    newest: (a, b) => when(b).localeCompare(when(a)),
    oldest: (a, b) => when(a).localeCompare(when(b)),
    name: (a, b) => a.name.localeCompare(b.name),
    size: (a, b) => b.size - a.size,
    rating: (a, b) => (b.rating ?? 0) - (a.rating ?? 0) || when(b).localeCompare(when(a)),
  };
  return found.sort(orders[order] ?? orders.newest);
}

/** Where a set stands, in words, where it is not simply complete. */
export function statusWords(set: ImageSet): string | null {
  switch (set.status) {
    case "running":
      return "being captured";
    case "paused":
      return "paused";
    case "failed":
    case "cancelled":
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
    const image = files.find((file) => file.mimetype === "image/jpeg") ?? files[0]!;
    return { image, others: files.filter((file) => file !== image) };
  });
}

/** The light that stands in a filename such as image_03_light_left.jpg. */
export function lightOf(image: ImageFile): string {
  const match = /^image_(\d+)_(.+?)(?:-\d+)?\.[^.]+$/.exec(image.filename);
  return match ? lightLabel(match[2]!) : image.filename;
}
