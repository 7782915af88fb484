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

/** What a set would be called: the server's template with this name and number, and its examples for all else. */
export function setNamePreview({ set, placeholders }: Naming, name: string, catalogueNumber: string): string {
  const texts = new Map(placeholders.map((placeholder) => [placeholder.name, placeholder.example]));
  texts.set("prefix", name.trim().replaceAll(" ", "_") || USUAL_PREFIX);
  texts.set("catalogue_number", catalogueNumber.trim().replace(/[^A-Za-z0-9_.-]/g, "_"));
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
