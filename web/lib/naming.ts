/** Templates of names: words in braces that the server fills in. */
import type { Naming } from "./protocol";

const USUAL_PREFIX = "photometric_set";

export const DEFAULT_TEMPLATES = { capture: "image_{model}_{date}-{time}", set: "{prefix}_{date}-{time}" } as const;

export interface Edited {
  text: string;
  /** Where the caret belongs after the change. */
  caret: number;
}

/** Put a placeholder where the caret is, instead of what is selected. */
export function insertPlaceholder(text: string, name: string, from: number, to: number): Edited {
  const word = `{${name}}`;
  return { text: text.slice(0, from) + word + text.slice(to), caret: from + word.length };
}

/** What the next capture would be called, some milliseconds after the server has told it: only the time goes on. */
export function captureNamePreview(naming: Naming, elapsed: number): string {
  const told = Object.fromEntries(naming.placeholders.map(({ name, example }) => [name, example]));
  const [date, time] = [told.date ?? "", told.time ?? ""];
  const at = /^(\d{4})(\d\d)(\d\d) (\d\d)(\d\d)(\d\d)$/.exec(`${date} ${time}`)?.slice(1).map(Number);
  if (!at) return naming.capture_example;
  const [year = 0, month = 1, day, hour, minute, second] = at;
  const then = new Date(year, month - 1, day, hour, minute, second, elapsed);
  const digits = (...parts: number[]) => parts.map((part) => String(part).padStart(2, "0")).join("");
  let name = naming.capture_example;
  if (naming.capture.includes("{date}")) {
    name = replaceLast(name, date, digits(then.getFullYear(), then.getMonth() + 1, then.getDate()));
  }
  if (naming.capture.includes("{time}")) {
    name = replaceLast(name, time, digits(then.getHours(), then.getMinutes(), then.getSeconds()));
  }
  return name;
}

function replaceLast(text: string, part: string, by: string): string {
  const at = text.lastIndexOf(part);
  return at < 0 ? text : text.slice(0, at) + by + text.slice(at + part.length);
}

/** What a set would be called: the server's template with this name and number, and its examples for all else. */
export function setNamePreview({ set, placeholders }: Naming, name: string, catalogueNumber: string): string {
  const texts = new Map(placeholders.map((placeholder) => [placeholder.name, placeholder.example]));
  texts.set("prefix", name.trim().replaceAll(" ", "_") || USUAL_PREFIX);
  const number = catalogueNumber.trim().normalize("NFC");
  texts.set("catalogue_number", number.replace(/[^\p{L}\p{M}\p{Nd}_.-]/gu, "_"));
  let missing = false;
  const parts = set.split(/\{([^{}]*)\}/).map((part, index) => {
    if (index % 2 === 0) return missing ? part.replace(/^[_.-]/, "") : part.replaceAll(" ", "_");
    missing = texts.get(part) === "";
    return texts.get(part) ?? "";
  });
  const text = parts.join("").replaceAll(" ", "_");
  // Without a number at its end, nothing shall hang there.
  return missing && set.endsWith("}") ? text.replace(/[_.-]$/, "") : text;
}
