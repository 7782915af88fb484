/** What would spoil a photometric set: whatever lets two frames differ by more than their light. */
import { findEntry } from "./config";
import type { ConfigEntry } from "./protocol";

export interface ExposureWarning {
  what: string;
  remedy: string;
  /** A change of a setting that mends it, where one is known. */
  fix: { path: string; value: string; label: string } | null;
}

interface Rule {
  names: string[];
  wrong: RegExp;
  what: string;
  remedy: string;
  better: RegExp | null;
}

const RULES: Rule[] = [
  {
    names: ["autoexposuremode", "expprogram", "autoexposuremodedial", "shootingmode"],
    wrong:
      /^(auto|p|program.*|av|tv|a|s|aperture.*|shutter.*|scene.*|av\+.*|green.*|a[_-]?dep|landscape|portrait|macro|sports|night.*|creative.*)$/i,
    what: "The camera chooses the exposure itself",
    remedy: "Turn the camera to manual (M), so that every frame is exposed alike.",
    better: /^(m|manual)$/i,
  },
  {
    names: ["shutterspeed"],
    wrong: /auto/i,
    what: "The shutter time is automatic",
    remedy: "Choose a shutter time.",
    better: null,
  },
  {
    names: ["iso", "autoiso", "isoauto"],
    wrong: /^(auto|on)$/i,
    what: "ISO is automatic",
    remedy: "Choose a fixed ISO, best the lowest.",
    better: /^(100|off)$/i,
  },
  {
    names: ["whitebalance"],
    wrong: /auto/i,
    what: "White balance is automatic",
    remedy: "Choose a fixed white balance, so that colours do not drift from light to light.",
    better: /^(daylight|flash|manual|tungsten)$/i,
  },
  {
    names: ["focusmode", "focusmode2"],
    wrong: /^(one shot|ai focus|ai servo|af|af-s|af-a|af-c|auto.*|single.*|continuous.*)$/i,
    what: "The camera may focus before each frame",
    remedy: "Switch the lens to manual focus: every frame must be sharp in the same place.",
    better: /^(manual|mf)$/i,
  },
  {
    names: ["reviewtime", "imagereview"],
    wrong: /^(?!none|off|0|disable).+/i,
    what: "The camera shows each picture on its screen",
    remedy: "Switch picture review off: its screen is a light source and it costs time.",
    better: /^(none|off|0|disable)$/i,
  },
];

export function exposureWarnings(entries: ConfigEntry[]): ExposureWarning[] {
  return RULES.flatMap(({ names, wrong, what, remedy, better }) => {
    const entry = names.map((name) => findEntry(entries, name)).find((found) => found && wrong.test(text(found)));
    if (!entry) return [];
    const value = better && !entry.readonly ? entry.options.find((option) => better.test(option)) : undefined;
    return [{ what, remedy, fix: value === undefined ? null : { path: entry.path, value, label: entry.label } }];
  });
}

function text(entry: ConfigEntry): string {
  if (typeof entry.value === "boolean") return entry.value ? "on" : "off";
  return String(entry.value ?? "");
}

/** Seconds of a shutter time such as 1/125 or 2.5; null for bulb and auto. */
export function shutterSeconds(value: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?$/.exec(value.trim().replace(/\s*s$/, ""));
  if (!match) return null;
  return Number(match[1]) / Number(match[2] ?? 1);
}
