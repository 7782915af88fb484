/** Light position files (.lp) as RTI programs write them: a count, then a filename and a direction in each line. */
import type { Direction } from "./dome";

export interface LpLine {
  filename: string;
  direction: Direction;
}

/** Read a file; throw with a sentence that says which line is wrong. */
export function parseLp(text: string): LpLine[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const found: LpLine[] = [];
  let count: number | null = null;
  lines.forEach((line, index) => {
    if (line === "") return;
    if (count === null && /^\d+$/.test(line)) {
      count = Number(line);
      return;
    }
    const match = /^(.*?)[\s,]+(\S+)[\s,]+(\S+)[\s,]+(\S+)$/.exec(line);
    const parts = match?.slice(2).map(Number) ?? [];
    const length = Math.hypot(...parts);
    if (!match || parts.some((part) => !Number.isFinite(part)) || length === 0) {
      throw new Error(`Line ${index + 1} is not a filename and three numbers.`);
    }
    found.push({ filename: match[1]!, direction: parts.map((part) => part / length) as Direction });
  });
  if (found.length === 0) throw new Error("The file names no light.");
  if (count !== null && count !== found.length) {
    throw new Error(`The file says ${count} lights in its first line and has ${found.length}.`);
  }
  return found;
}

/** Give each light its direction: by a name that stands in the filename, else by its place in the file. */
export function assignLp<L extends { name: string; direction: Direction | null }>(lights: L[], lines: LpLine[]): L[] {
  const named = lights.map((light) => lines.find(({ filename }) => filename.includes(light.name)));
  const byName = named.filter(Boolean).length === lights.length;
  return lights.map((light, index) => {
    const line = byName ? named[index] : lines[index];
    return line ? { ...light, direction: line.direction } : light;
  });
}
