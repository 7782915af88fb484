/** How large a picture is shown, and which part of it. */
import { type Placement, type Point, place, pointAt, type Zoom } from "./fit";

/** Whole, at 1 or 2 screen pixels per picture pixel, or so many times as large as whole. */
export type Scale = Zoom | { times: number };

export interface Size {
  width: number;
  height: number;
}

export interface View {
  scale: Scale;
  centre: Point;
}

export const WHOLE: View = { scale: "fit", centre: { x: 0.5, y: 0.5 } };
const LARGEST = 24;
const SAME_SHAPE = 0.01;
const STEPS: Record<string, Zoom> = { fit: 1, "1": 2, "2": "fit" };

/** The next of fit, 100 % and 200 %. */
export function nextScale(scale: Scale): Zoom {
  return STEPS[String(scale)] ?? "fit";
}

export function scaleWords(scale: Scale): string {
  if (scale === "fit") return "Fit";
  return typeof scale === "number" ? `${scale}00 %` : `${scale.times.toFixed(1)} ×`;
}

/** Where a picture lies in a box of CSS pixels, on a screen with `ratio` device pixels to each of them. */
export function placed(box: Size, size: Size, { scale, centre }: View, ratio: number): Placement {
  const { width, height } = size;
  if (scale === "fit") return place(box, width, height);
  const exact = typeof scale === "number" ? scale / ratio : place(box, width, height).scale * scale.times;
  return place(box, width, height, exact, centre);
}

/** The view `factor` times as large, with the same point of the picture under x, y of the box. */
export function zoomAt(box: Size, size: Size, view: View, ratio: number, factor: number, x: number, y: number): View {
  const placement = placed(box, size, view, ratio);
  const under = pointAt(placement, size.width, size.height, x, y);
  const fitting = place(box, size.width, size.height).scale;
  const next = Math.min(fitting * LARGEST, placement.scale * factor);
  if (next <= fitting) return WHOLE;
  const centre = {
    x: inside(under.x + (box.width / 2 - x) / (size.width * next)),
    y: inside(under.y + (box.height / 2 - y) / (size.height * next)),
  };
  return { scale: { times: next / fitting }, centre };
}

/** The view after the picture was drawn along by so many pixels of the box. */
export function panBy(box: Size, size: Size, view: View, ratio: number, x: number, y: number): View {
  if (view.scale === "fit") return view;
  const { scale } = placed(box, size, view, ratio);
  const centre = {
    x: inside(view.centre.x - x / (size.width * scale)),
    y: inside(view.centre.y - y / (size.height * scale)),
  };
  return { ...view, centre };
}

/**
 * The size to show a picture at whose small version was loaded: that of the picture before where both have one shape,
 * so that going from one to the next keeps the place.
 */
export function sizeFor(before: Size | null, loaded: Size): Size {
  if (before === null || before.width <= loaded.width) return loaded;
  const shape = (size: Size) => size.width / size.height;
  return Math.abs(shape(before) / shape(loaded) - 1) < SAME_SHAPE ? before : loaded;
}

function inside(value: number): number {
  return Math.min(1, Math.max(0, value));
}
