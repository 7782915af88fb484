/** The scale of pictures, in millimetres of the object per pixel, as people type it. */
const LARGEST = 1000;

export interface ReadScale {
  value: number | null;
  problem: string | null;
}

/** Read "0.08", "0,08 mm/px" or "12.5 px/mm"; the empty text is no scale. */
export function readScale(text: string): ReadScale {
  const typed = text.trim().toLowerCase().replace(",", ".");
  if (typed === "") return { value: null, problem: null };
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(mm|mm\/px|mm\/pixel|px\/mm|pixels?\/mm)?$/.exec(typed);
  const number = match ? Number(match[1]) : 0;
  if (!match || number <= 0) return { value: null, problem: "Millimetres per pixel, such as 0.08, or 12.5 px/mm." };
  const perPixel = match[2]?.endsWith("/mm") ? 1 / number : number;
  if (perPixel > LARGEST) return { value: null, problem: `At most ${LARGEST} mm per pixel.` };
  return { value: Number(perPixel.toPrecision(6)), problem: null };
}

/** The other way to say it, such as "12.5 pixels per mm". */
export function pixelsPerMillimetre(scale: number): string {
  return `${Number((1 / scale).toPrecision(4))} pixels per mm`;
}
