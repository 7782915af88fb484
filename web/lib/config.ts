/** Finding and reading a camera's config entries. */
import type { ConfigEntry } from "./protocol";

export interface CommonSetting {
  alias: string;
  label: string;
  key: string;
}

/** The settings that a photographer changes all the time, with the key that picks each. */
export const COMMON: CommonSetting[] = [
  { alias: "shutterspeed", label: "Shutter", key: "s" },
  { alias: "aperture", label: "Aperture", key: "a" },
  { alias: "iso", label: "ISO", key: "i" },
  { alias: "whitebalance", label: "White balance", key: "w" },
  { alias: "imageformat", label: "Format", key: "" },
];

export function findEntry(entries: ConfigEntry[], alias: string): ConfigEntry | null {
  return entries.find((entry) => entry.alias === alias) ?? entries.find((entry) => entry.name === alias) ?? null;
}

export interface ConfigSection {
  name: string;
  entries: ConfigEntry[];
}

/** In the order in which they are shown: what is changed most first, what does something at once last. */
const SECTION_NAMES: Record<string, string> = {
  imgsettings: "Image settings",
  capturesettings: "Capture settings",
  settings: "Camera settings",
  status: "Status",
  other: "Other",
  actions: "Actions",
};

/** The camera's own tree as sections, only with entries that match all words of the search. */
export function sectionsOf(entries: ConfigEntry[], search: string): ConfigSection[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const sections = new Map<string, ConfigEntry[]>();
  for (const entry of entries) {
    const text = `${entry.label} ${entry.name} ${entry.alias ?? ""} ${String(entry.value)}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const name = entry.path.split("/")[2] ?? "other";
    sections.set(name, [...(sections.get(name) ?? []), entry]);
  }
  const order = Object.keys(SECTION_NAMES);
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.indexOf("other"));
  return [...sections]
    .sort(([a], [b]) => place(a) - place(b))
    .map(([name, found]) => ({ name: SECTION_NAMES[name] ?? name, entries: found }));
}

/** The option `steps` away from the one given, at most the first or last one. */
export function neighbour(options: string[], value: string, steps: number): string {
  const at = options.indexOf(value);
  if (at < 0) return options[steps > 0 ? 0 : options.length - 1] ?? value;
  return options[Math.min(options.length - 1, Math.max(0, at + steps))] ?? value;
}

/** A value as it stands on a dial: 1/125 s, f/8, 400. */
export function shown(alias: string, value: string): string {
  if (alias === "aperture") return /^[\d.]+$/.test(value) ? `f/${value}` : value;
  if (alias === "shutterspeed") return /^[\d./]+$/.test(value) ? `${value.replace(/\.0$/, "")} s` : value;
  return value;
}

export interface Change {
  entry: ConfigEntry;
  wanted: string | number | boolean;
}

export type Preset = Record<string, string | number | boolean>;

/** What a preset keeps: each writable setting with a choice of values, by its path. */
export function presetOf(entries: ConfigEntry[]): Preset {
  const kept: Preset = {};
  for (const entry of entries) {
    const settable =
      ["menu", "range", "toggle"].includes(entry.type) && !entry.readonly && !entry.path.includes("/actions/");
    if (settable && entry.value !== null) kept[entry.path] = entry.value;
  }
  return kept;
}

/** What applying a preset would change now. */
export function differences(entries: ConfigEntry[], preset: Preset): Change[] {
  return entries.flatMap((entry) => {
    const wanted = preset[entry.path] ?? (entry.alias && preset[entry.alias]) ?? preset[entry.name];
    return wanted === undefined || wanted === null || wanted === entry.value || entry.readonly
      ? []
      : [{ entry, wanted }];
  });
}
