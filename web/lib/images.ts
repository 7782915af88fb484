/** What an image is by its name, and which of several files stands for an exposure. */
import { IMAGE_TYPES } from "./protocol";

type Kind = (typeof IMAGE_TYPES)[keyof typeof IMAGE_TYPES]["kind"];

/** The kind of an image by the end of its name or path; null for what is no image. */
export function kindOf(name: string): Kind | null {
  const suffix = (/\.[^./]+$/.exec(name)?.[0] ?? "").toLowerCase();
  return suffix in IMAGE_TYPES ? IMAGE_TYPES[suffix as keyof typeof IMAGE_TYPES].kind : null;
}

/** The file that stands for an exposure: its first JPEG, else the first one. */
export function standingFor<T>(files: readonly T[], name: (file: T) => string): T | undefined {
  return files.find((file) => kindOf(name(file)) === "jpeg") ?? files[0];
}
