/** Decodes, measures and draws live view frames away from the page, always the newest one. */
import { histogramOf, paintClipping, paintPeaking, sharpnessOf } from "../lib/analysis";
import { type Placement, place } from "../lib/fit";
import { HEADER_BYTES, readHeader } from "../lib/frames";
import { drawHistogram } from "../lib/histogramPlot";
import type { FromWorker, ToWorker, View } from "./liveviewMessages";

const scope = self as unknown as DedicatedWorkerGlobalScope;

/** Counting needs little; marks that lie on the picture need more. */
const COUNTED_WIDTH = 320;
const MARKED_WIDTH = 640;
const FOCUS_SIDE = 192;
const MEASURE_EVERY_MS = 100;

let canvas: OffscreenCanvas | null = null;
let histogramCanvas: OffscreenCanvas | null = null;
let view: View | null = null;
let picture: ImageBitmap | null = null;
let newest: ArrayBuffer | null = null;
let decoding = false;
let measuredAt = 0;
let phase = 0;
const small = new OffscreenCanvas(COUNTED_WIDTH, 1);
const marks = new OffscreenCanvas(COUNTED_WIDTH, 1);
const detail = new OffscreenCanvas(FOCUS_SIDE, FOCUS_SIDE);

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case "canvas":
      canvas = data.canvas;
      break;
    case "histogram":
      histogramCanvas = data.canvas;
      break;
    case "view":
      view = data.view;
      measuredAt = 0;
      draw();
      break;
    case "frame":
      newest = data.frame;
      void decodeNewest();
  }
};

async function decodeNewest(): Promise<void> {
  if (decoding) return;
  decoding = true;
  while (newest !== null) {
    const frame = newest;
    newest = null;
    await show(frame);
  }
  decoding = false;
}

async function show(frame: ArrayBuffer): Promise<void> {
  const header = readHeader(frame);
  if (header === null) return;
  try {
    const jpeg = new Blob([new Uint8Array(frame, HEADER_BYTES)], { type: "image/jpeg" });
    const decoded = await createImageBitmap(jpeg);
    picture?.close();
    picture = decoded;
  } catch {
    tell({ kind: "broken", stream: header.stream });
    return;
  }
  measure();
  draw();
  const { stream, seq, capturedAt } = header;
  const bytes = frame.byteLength - HEADER_BYTES;
  tell({ kind: "drawn", stream, seq, capturedAt, width: picture.width, height: picture.height, bytes });
}

function tell(message: FromWorker): void {
  scope.postMessage(message);
}

function draw(): void {
  const context = canvas?.getContext("2d", { alpha: false });
  if (!canvas || !context || !view) return;
  if (canvas.width !== view.width || canvas.height !== view.height) {
    canvas.width = view.width;
    canvas.height = view.height;
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#101010";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (picture === null) return;
  const { width, height } = picture;
  const placement = place(canvas, width, height, view.zoom, view.centre);
  context.setTransform(placement.scale, 0, 0, placement.scale, placement.left, placement.top);
  context.imageSmoothingEnabled = view.zoom !== 2;
  // Better ways of enlarging cost a third of the time of a frame and show nothing more.
  context.imageSmoothingQuality = placement.scale < 1 ? "medium" : "low";
  context.drawImage(picture, 0, 0);
  if (view.clipping || view.peaking) {
    context.imageSmoothingEnabled = false;
    context.drawImage(marks, 0, 0, marks.width, marks.height, 0, 0, width, height);
  }
  if (view.mask !== null) drawMask(context, width, height, view.mask);
  if (view.grid) drawGrid(context, width, height, placement, view.pixelRatio);
  if (view.focus) drawFocusBox(context, width, height, placement, view);
}

type Context = OffscreenCanvasRenderingContext2D;

function drawMask(context: Context, width: number, height: number, aspect: number): void {
  const inner = { width: Math.min(width, height * aspect), height: Math.min(height, width / aspect) };
  const left = (width - inner.width) / 2;
  const top = (height - inner.height) / 2;
  context.fillStyle = "rgba(8, 8, 8, 0.78)";
  context.fillRect(0, 0, width, top);
  context.fillRect(0, height - top, width, top);
  context.fillRect(0, top, left, inner.height);
  context.fillRect(width - left, top, left, inner.height);
}

function drawGrid(context: Context, width: number, height: number, { scale }: Placement, pixelRatio: number): void {
  context.lineWidth = pixelRatio / scale;
  for (const [style, offset] of [
    ["rgba(0, 0, 0, 0.45)", 1],
    ["rgba(255, 255, 255, 0.5)", 0],
  ] as const) {
    context.strokeStyle = style;
    context.beginPath();
    for (const third of [1 / 3, 2 / 3]) {
      const shift = (offset * pixelRatio) / scale;
      context.moveTo(width * third + shift, 0);
      context.lineTo(width * third + shift, height);
      context.moveTo(0, height * third + shift);
      context.lineTo(width, height * third + shift);
    }
    context.stroke();
  }
}

function drawFocusBox(context: Context, width: number, height: number, { scale }: Placement, shown: View): void {
  const side = Math.min(FOCUS_SIDE, width, height);
  const left = Math.min(width - side, Math.max(0, shown.spot.x * width - side / 2));
  const top = Math.min(height - side, Math.max(0, shown.spot.y * height - side / 2));
  const arm = side / 5;
  context.lineWidth = (2 * shown.pixelRatio) / scale;
  context.strokeStyle = "#ffb266";
  context.beginPath();
  for (const [x, y, dx, dy] of [
    [left, top, 1, 1],
    [left + side, top, -1, 1],
    [left, top + side, 1, -1],
    [left + side, top + side, -1, -1],
  ] as const) {
    context.moveTo(x + dx * arm, y);
    context.lineTo(x, y);
    context.lineTo(x, y + dy * arm);
  }
  context.stroke();
}

function measure(): void {
  if (picture === null || view === null) return;
  if (!view.histogram && !view.clipping && !view.peaking && !view.focus) return;
  const now = performance.now();
  if (now - measuredAt < MEASURE_EVERY_MS) return;
  measuredAt = now;
  const pixels = smallCopy(picture, view.clipping || view.peaking ? MARKED_WIDTH : COUNTED_WIDTH);
  const histogram = histogramOf(pixels.data);
  if (view.histogram && histogramCanvas) drawHistogram(histogramCanvas, histogram);
  if (view.clipping || view.peaking) mark(pixels, view);
  const sharpness = view.focus ? sharpnessAt(picture, view) : null;
  tell({ kind: "measured", sharpness, bright: histogram.bright, dark: histogram.dark });
}

function smallCopy(from: ImageBitmap, width: number): ImageData {
  small.width = width;
  small.height = Math.max(1, Math.round((width * from.height) / from.width));
  const context = small.getContext("2d", { willReadFrequently: true }) as Context;
  context.drawImage(from, 0, 0, small.width, small.height);
  return context.getImageData(0, 0, small.width, small.height);
}

function mark(pixels: ImageData, shown: View): void {
  marks.width = pixels.width;
  marks.height = pixels.height;
  const painted = new ImageData(pixels.width, pixels.height);
  if (shown.peaking) paintPeaking(pixels.data, painted.data, pixels.width, pixels.height);
  if (shown.clipping) paintClipping(pixels.data, painted.data, pixels.width, phase++);
  marks.getContext("2d")?.putImageData(painted, 0, 0);
}

function sharpnessAt(from: ImageBitmap, { spot }: View): number {
  const side = Math.min(FOCUS_SIDE, from.width, from.height);
  const left = Math.min(from.width - side, Math.max(0, spot.x * from.width - side / 2));
  const top = Math.min(from.height - side, Math.max(0, spot.y * from.height - side / 2));
  const context = detail.getContext("2d", { willReadFrequently: true }) as Context;
  context.drawImage(from, left, top, side, side, 0, 0, side, side);
  return sharpnessOf(context.getImageData(0, 0, side, side).data, side, side);
}
