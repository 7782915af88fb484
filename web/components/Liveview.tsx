"use client";

import { type CSSProperties, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type Placement, type Point, place, within, type Zoom } from "@/lib/fit";
import { bytes, percent } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { Readout, StreamState } from "@/services/LiveviewStream";
import type { Measured, ToWorker, View } from "@/services/liveviewMessages";
import { FocusFrame, FocusWords } from "./capture/FocusFrame";
import type { FocusMark } from "./capture/useFocus";
import styles from "./Liveview.module.css";
import { Button } from "./ui/Button";
import { Icon } from "./ui/Icon";
import { appendCanvas, useLiveCanvas } from "./useLiveCanvas";
import { useLiveviewPointer } from "./useLiveviewPointer";

export interface Overlays {
  histogram: boolean;
  clipping: boolean;
  peaking: boolean;
  focus: boolean;
  grid: boolean;
  mask: number | null;
}

interface Props {
  /** The camera to show; null shows nothing. */
  cameraId: string | null;
  overlays: Overlays;
  zoom: Zoom;
  onZoom: (zoom: Zoom) => void;
  /** Where the camera was asked to focus. */
  mark: FocusMark | null;
  /** The place where focus is measured was moved, or was tapped. */
  onAim: (point: Point, tapped: boolean) => void;
  /** An earlier shot that lies half transparent over the picture. */
  ghost: { url: string; opacity: number } | null;
  /** Why no new frames come for now, such as an exposure under way. */
  pause: string | null;
  /** The connection is gone: the last picture is shown gray. */
  lost: boolean;
}

const CENTRE: Point = { x: 0.5, y: 0.5 };
const PAN_STEP = 0.04;
const SLOW_FPS = 5;
const SLOW_MS = 500;

/**
 * The live view. A tap focuses there, and there the focus score is measured; a double tap magnifies. Frames go from the socket to a worker, which draws them on a canvas of its own; nothing of a frame
 * passes through React, and readouts are written straight into the page.
 */
export function Liveview({ cameraId, overlays, zoom, onZoom, mark, onAim, ghost, pause, lost }: Props) {
  const stage = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const meter = useRef<FocusMeterParts>({ bar: null, peak: null, text: null, clipped: null });
  const peak = useRef(0);
  const [centre, setCentre] = useState<Point>(CENTRE);
  const [spot, setSpot] = useState<Point>(CENTRE);
  const [corner, setCorner] = usePreference<Corner>("measuresCorner", "bottom right");

  const { worker, state, frame, box, again } = useLiveCanvas(
    stage,
    styles.picture!,
    cameraId,
    { whole: zoom !== "fit" },
    {
      readout: (now) => writeReadout(readout.current, now),
      measured: (now) => {
        peak.current = Math.max(peak.current, now.sharpness ?? 0);
        writeMeter(meter.current, now, peak.current);
      },
    },
  );

  useEffect(() => {
    const { width, height, pixelRatio } = box;
    const size = { width: Math.round(width * pixelRatio), height: Math.round(height * pixelRatio), pixelRatio };
    const view: View = { ...size, zoom, centre, spot, ...overlays };
    worker?.postMessage({ kind: "view", view } satisfies ToWorker);
  }, [worker, box, zoom, centre, spot, overlays]);

  const devicePixels = { width: box.width * box.pixelRatio, height: box.height * box.pixelRatio };
  const placement = frame ? place(devicePixels, frame.width, frame.height, zoom, centre) : null;
  const aim = (point: Point, tapped: boolean) => {
    // A new place has another score: its best one so far says nothing about it.
    peak.current = 0;
    setSpot(point);
    onAim(point, tapped);
  };
  const look = (point: Point) => {
    setCentre(point);
    aim(point, false);
  };
  const picture = placement && frame && { placement, ...frame, pixelRatio: box.pixelRatio };
  const pointer = useLiveviewPointer(picture, centre, {
    onTap: (point) => {
      if (zoom === "fit") setCentre(point);
      aim(point, true);
    },
    onDoubleTap: () => onZoom(zoom === "fit" ? 1 : "fit"),
    onPan: zoom === "fit" ? null : look,
  });
  const resetPeak = () => {
    peak.current = 0;
  };

  return (
    <div className={styles.liveview} data-state={state.state} data-lost={lost || undefined} data-testid="liveview">
      <div
        ref={stage}
        className={styles.stage}
        role="group"
        aria-label="Live view. Arrow keys move the loupe and the place where focus is measured; F focuses there."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the loupe
        tabIndex={0}
        data-own-keys
        data-zoom={zoom}
        onKeyDown={(event) => moveByKeys(event, zoom === "fit" ? spot : centre, look)}
        {...pointer}
      >
        {ghost && placement && frame && (
          <img
            className={styles.ghost}
            src={ghost.url}
            alt=""
            style={ghostStyle(placement, frame, box.pixelRatio, ghost.opacity)}
          />
        )}
        {mark && picture && (
          <FocusFrame mark={mark} placement={picture.placement} frame={picture} pixelRatio={picture.pixelRatio} />
        )}
      </div>
      <FocusWords mark={mark} />
      <StreamWords state={state} pause={pause} lost={lost} wanted={cameraId !== null} onAgain={again} />
      <div className={styles.foot}>
        <p className={styles.readout} ref={readout} data-testid="readout" />
        {zoom !== "fit" && <p className={styles.loupe}>Loupe {zoom === 1 ? "100" : "200"} %</p>}
      </div>
      {(overlays.histogram || overlays.focus) && (
        <div className={styles.measures} data-corner={corner}>
          <MoveMeasures corner={corner} onCorner={setCorner} />
          {overlays.histogram && <HistogramPicture worker={worker} />}
          {overlays.focus && <FocusMeter parts={meter.current} onReset={resetPeak} />}
          <p
            className={styles.clipped}
            ref={(part) => {
              meter.current.clipped = part;
            }}
          />
        </div>
      )}
    </div>
  );
}

function ghostStyle(
  { scale, left, top }: Placement,
  frame: { width: number; height: number },
  pixelRatio: number,
  opacity: number,
): CSSProperties {
  const css = (pixels: number) => `${pixels / pixelRatio}px`;
  return {
    left: css(left),
    top: css(top),
    width: css(frame.width * scale),
    height: css(frame.height * scale),
    opacity,
  };
}

function moveByKeys(event: KeyboardEvent, from: Point, onMove: (point: Point) => void): void {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  onMove(within({ x: from.x + step[0]! * PAN_STEP, y: from.y + step[1]! * PAN_STEP }));
}

function writeReadout(line: HTMLParagraphElement | null, readout: Readout): void {
  if (!line) return;
  const { frames, fps, latency, dropped, width, height, bytes: size } = readout;
  const delay = latency === null ? null : `${Math.round(latency)} ms`;
  const skipped = dropped > 0 && `${dropped} skipped`;
  // A line that is too long breaks neither in the size of a frame nor in that of its file.
  const sizes = [`${width} × ${height}`, bytes(size)].map((part) => part.replaceAll(" ", "\u00a0"));
  line.textContent = [`${fps} fps`, delay, skipped, ...sizes].filter(Boolean).join("  ·  ");
  line.dataset.frames = String(frames);
  // Figures are for engineers; they matter to all where the picture limps.
  line.toggleAttribute("data-slow", fps < SLOW_FPS || (latency ?? 0) > SLOW_MS);
}

interface FocusMeterParts {
  bar: HTMLElement | null;
  peak: HTMLElement | null;
  text: HTMLElement | null;
  clipped: HTMLElement | null;
}

function writeMeter(parts: FocusMeterParts, { sharpness, bright, dark }: Measured, peak: number): void {
  if (parts.clipped) parts.clipped.textContent = `▲ ${percent(bright)}   ▼ ${percent(dark)}`;
  if (sharpness === null) return;
  // The scale keeps a fifth of room above the best value so far, so that a better one is seen to come.
  const top = Math.max(peak * 1.2, 1);
  if (parts.bar) parts.bar.style.width = `${(sharpness / top) * 100}%`;
  if (parts.peak) parts.peak.style.left = `${(peak / top) * 100}%`;
  if (parts.text) parts.text.textContent = `${sharpness.toFixed(1)} of ${peak.toFixed(1)}`;
}

function FocusMeter({ parts, onReset }: { parts: FocusMeterParts; onReset: () => void }) {
  return (
    <button type="button" className={styles.meter} onClick={onReset} title="Forget the peak">
      <span className={styles.meterHead}>
        <span>Focus</span>
        <span
          ref={(part) => {
            parts.text = part;
          }}
        />
      </span>
      <span className={styles.track}>
        <span
          className={styles.fill}
          ref={(part) => {
            parts.bar = part;
          }}
        />
        <span
          className={styles.peak}
          ref={(part) => {
            parts.peak = part;
          }}
        />
      </span>
    </button>
  );
}

type Corner = "bottom right" | "top right" | "top left" | "bottom left";
const CORNERS: Corner[] = ["bottom right", "top right", "top left", "bottom left"];

/** Takes the measures to the next corner: they shall never lie over what matters. */
function MoveMeasures({ corner, onCorner }: { corner: Corner; onCorner: (corner: Corner) => void }) {
  const next = CORNERS[(CORNERS.indexOf(corner) + 1) % CORNERS.length]!;
  return (
    <button
      type="button"
      className={styles.move}
      aria-label={`Move the measures to the ${next}`}
      title={`Move to the ${next}`}
      onClick={() => onCorner(next)}
    >
      <Icon name="move" size={14} />
    </button>
  );
}

function HistogramPicture({ worker }: { worker: Worker | null }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current || !worker) return;
    const canvas = appendCanvas(place.current, styles.histogramCanvas!);
    canvas.width = 512;
    canvas.height = 160;
    const offscreen = canvas.transferControlToOffscreen();
    worker.postMessage({ kind: "histogram", canvas: offscreen } satisfies ToWorker, [offscreen]);
    return () => canvas.remove();
  }, [worker]);
  return <div ref={place} className={styles.histogram} role="img" aria-label="Histogram of the live view" />;
}

interface WordsProps {
  state: StreamState;
  pause: string | null;
  lost: boolean;
  wanted: boolean;
  onAgain: () => void;
}

/** What is said over the picture while it does not move. */
function StreamWords({ state, pause, lost, wanted, onAgain }: WordsProps) {
  if (lost || !wanted || (state.state === "live" && pause === null)) return null;
  if (state.state === "failed") {
    return (
      <div className={styles.words} role="status">
        <Icon name="warning" size={28} />
        <p>{state.message}</p>
        {state.hint && <p className={styles.hint}>{state.hint}</p>}
        <Button icon="retry" onClick={onAgain}>
          Try again
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.pill} role="status">
      {pause ?? (state.state === "stalled" ? "Waiting for the camera" : "Starting the live view")}
    </div>
  );
}
