import { ROUTES } from "./protocol";

/** Where the server shows the application: "" or a path such as "/studio", filled in when the server starts. */
export const BASE = process.env.NEXT_PUBLIC_BASE ?? "";

/** In development the server runs elsewhere. */
const DEVELOPMENT_SERVER = process.env.NODE_ENV === "development" ? "http://localhost:8000" : "";

const IMAGES = prefixOf("IMAGE");

/** What every address of a route begins with. */
function prefixOf(route: keyof typeof ROUTES): string {
  return ROUTES[route].split("{")[0]!;
}

/** The address of something that the server gives over HTTP, such as an image's `url`. */
export function serverUrl(path: string): string {
  const rooted = BASE !== "" && path.startsWith(`${BASE}/`) ? path : `${BASE}${path}`;
  return `${DEVELOPMENT_SERVER}${rooted}`;
}

/** The address of the WebSocket beside this page. */
export function socketUrl(): string {
  const page = new URL(DEVELOPMENT_SERVER || window.location.href);
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}${BASE}${ROUTES.WEBSOCKET}`;
}

export type ThumbnailSize = 160 | 320 | 640 | 1600;

/** Where an image is, and what is in it: one that was taken again keeps its place. */
interface Placed {
  url: string;
  sha256?: string | null;
}

/** The server-made small version of an image; it has another address when the image has another content. */
export function thumbnailUrl({ url, sha256 }: Placed, size: ThumbnailSize): string {
  return `${serverUrl(url.replace(IMAGES, prefixOf("THUMBNAIL")))}?size=${size}${sha256 ? `&${versionOf(sha256)}` : ""}`;
}

/** The image itself. */
export function originalUrl({ url, sha256 }: Placed): string {
  return `${serverUrl(url)}${sha256 ? `?${versionOf(sha256)}` : ""}`;
}

function versionOf(sha256: string): string {
  return `v=${sha256.slice(0, 12)}`;
}

/** The image's address, from a path relative to the captures folder as jobs give it. */
export function imageUrl(path: string): string {
  return `${IMAGES}${path.split("/").map(encodeURIComponent).join("/")}`;
}

export function exifUrl(image: string): string {
  return serverUrl(image.replace(IMAGES, prefixOf("EXIF")));
}

/** Several sets as one zip. */
export function setsZipUrl(names: string[]): string {
  return serverUrl(`${ROUTES.SETS_ZIP}?${new URLSearchParams(names.map((name) => ["name", name]))}`);
}

export function zipUrl(setName: string, files: "all" | "jpeg" | "raw"): string {
  return serverUrl(`${ROUTES.SET_ZIP.replace("{name}", encodeURIComponent(setName))}?files=${files}`);
}
