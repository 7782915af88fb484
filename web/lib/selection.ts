/** Choosing things in a list with mouse and keys. */
export interface Selection {
  chosen: ReadonlySet<string>;
  /** Where a range begins. */
  anchor: string | null;
}

export const NOTHING_CHOSEN: Selection = { chosen: new Set(), anchor: null };

export function toggle({ chosen }: Selection, name: string): Selection {
  const next = new Set(chosen);
  if (!next.delete(name)) next.add(name);
  return { chosen: next, anchor: name };
}

/** Everything from the anchor to `name`, added to what is chosen. */
export function range(selection: Selection, names: string[], name: string): Selection {
  const from = selection.anchor === null ? -1 : names.indexOf(selection.anchor);
  const to = names.indexOf(name);
  if (from < 0 || to < 0) return toggle(selection, name);
  const between = names.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { chosen: new Set([...selection.chosen, ...between]), anchor: selection.anchor };
}

export function everything(names: string[]): Selection {
  return { chosen: new Set(names), anchor: names[0] ?? null };
}

/** What gets the focus when the chosen ones go: the next that stays, else the one before. */
export function afterRemoval(names: string[], gone: ReadonlySet<string>): string | null {
  const last = names.reduce((at, name, index) => (gone.has(name) ? index : at), -1);
  const next = names.slice(last + 1).find((name) => !gone.has(name));
  return next ?? names.slice(0, Math.max(0, last)).findLast((name) => !gone.has(name)) ?? null;
}
