import type { Histogram } from "./analysis";

type AnyCanvas = OffscreenCanvas | HTMLCanvasElement;

/** Draw red, green, blue and luma over each other, on a square-root scale so that small counts are seen. */
export function drawHistogram(canvas: AnyCanvas, histogram: Histogram): void {
  const context = canvas.getContext("2d") as CanvasRenderingContext2D | null;
  if (!context) return;
  const { width, height } = canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, width, height);
  // The ends hold what is clipped and would dwarf the rest.
  const inner = [histogram.red, histogram.green, histogram.blue].flatMap((channel) => [...channel.subarray(2, 254)]);
  const top = Math.sqrt(Math.max(1, ...inner)) * 1.06;
  context.globalCompositeOperation = "lighter";
  for (const [channel, colour] of [
    [histogram.red, "rgb(150, 44, 36)"],
    [histogram.green, "rgb(38, 116, 52)"],
    [histogram.blue, "rgb(44, 76, 168)"],
  ] as const) {
    context.fillStyle = colour;
    trace(context, channel, width, height, top);
    context.lineTo(width, height);
    context.lineTo(0, height);
    context.fill();
  }
  context.globalCompositeOperation = "source-over";
  context.strokeStyle = "rgba(240, 240, 240, 0.85)";
  context.lineWidth = Math.max(1, width / 256);
  trace(context, histogram.luma, width, height, top);
  context.stroke();
}

function trace(
  context: CanvasRenderingContext2D,
  counts: Uint32Array,
  width: number,
  height: number,
  top: number,
): void {
  context.beginPath();
  for (let level = 0; level < 256; level++) {
    const y = height - Math.min(1, Math.sqrt(counts[level]!) / top) * (height - 2);
    if (level === 0) context.moveTo(0, y);
    else context.lineTo((level / 255) * width, y);
  }
}
