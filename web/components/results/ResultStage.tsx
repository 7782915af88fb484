"use client";

import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { Direction } from "@/lib/dome";
import { type Placement, type Point, pointOn, within } from "@/lib/fit";
import { type Lamp, lightUnderHand, nearestLamp } from "@/lib/light";
import type { Line } from "@/lib/measure";
import type { Scene } from "@/lib/relight/painter";
import type { Shown } from "@/lib/resultLink";
import type { Layer } from "@/lib/results";
import type { Surface } from "@/lib/surface";
import { panBy, placed, type View, zoomAt } from "@/lib/zoom";
import { Button } from "../ui/Button";
import { Hemisphere } from "./Hemisphere";
import { Legend } from "./Legend";
import { type Circle, type MeasureKind, Measures, ScaleRule } from "./Measures";
import styles from "./ResultStage.module.css";
import { useBox } from "./useBox";
import { useCloser } from "./useCloser";
import { useHand } from "./useHand";
import { usePainter } from "./usePainter";

export type Tool = "light" | "move" | MeasureKind;

export interface StageHandle {
  /** The whole picture as it looks now, at the size of what was loaded. */
  snapshot: () => Promise<Blob | null>;
  zoom: (factor: number) => void;
  /** Move the place that is measured by so much of the picture. */
  step: (right: number, down: number) => void;
  /** Set the place that is measured. */
  set: () => void;
}

interface Props {
  ref?: Ref<StageHandle>;
  surface: Surface;
  /** What lies on the right of the wipe. */
  beside: { surface: Surface; layer: Layer } | null;
  shown: Shown;
  lamps: readonly Lamp[];
  near: Lamp | null;
  source: ImageBitmap | null;
  tool: Tool;
  lines: Partial<Record<MeasureKind, Line>>;
  /** Spheres that were found. */
  circles?: readonly Circle[];
  scale: number | null;
  onLight: (light: Direction) => void;
  onView: (view: View) => void;
  onLine: (kind: MeasureKind, line: Line, done: boolean) => void;
  /** The place under the pointer in pixels of the images. */
  onHover: (point: Point | null) => void;
  /** Larger pictures have come. */
  onSharper: () => void;
}

/** Screen pixels to a pixel of the pictures from which on larger ones are loaded. */
const CLOSE = 1.25;

/** The object: a hand over it leads the light, the wheel and two fingers zoom, and lines are drawn on it. */
export function ResultStage(props: Props) {
  const { ref, surface, beside, shown, lamps, near, source, tool, lines, scale } = props;
  const stage = useRef<HTMLDivElement>(null);
  const gl = useRef<HTMLCanvasElement>(null);
  const cpu = useRef<HTMLCanvasElement>(null);
  const moving = useRef(false);
  const [wipe, setWipe] = useState(0.5);
  const [begun, setBegun] = useState<Point | null>(null);
  const [cursor, setCursor] = useState<Point | null>(null);
  const box = useBox(stage);
  const { by, paint, longest, snapshot } = usePainter({ gl, cpu }, moving);
  const { size } = surface;
  const screen = typeof window === "undefined" ? 1 : window.devicePixelRatio || 1;
  const placement = placed(box, size, shown.view, screen);
  const measures = tool !== "light" && tool !== "move";
  const close = placement.scale * screen * (surface.index?.step ?? 1) > CLOSE;
  const closer = useCloser(
    { surface, layer: shown.layer },
    beside,
    { placement, box, screen },
    close && by === "gl",
    props.onSharper,
  );

  const scenes = (ratio: number, at: Placement, width: number): Scene[] => {
    const edge = Math.round(width * wipe);
    const place = {
      left: at.left * ratio,
      top: at.top * ratio,
      width: size.width * at.scale * ratio,
      height: size.height * at.scale * ratio,
    };
    const one = { light: shown.light, look: shown.look, source, place };
    // What is looked at is the same however coarse it is drawn, but the whole picture is only asked for at once.
    const closely = (what: Surface, layer: Layer) =>
      at === placement ? closer.tilesOf(what, layer) : { tiles: [], planeTiles: [], covered: false };
    const first = {
      ...one,
      pictures: surface.pictures,
      ...closely(surface, shown.layer),
      planes: surface.planes,
      heights: surface.shownHeights,
      layer: shown.layer,
      from: 0,
      to: beside ? edge : width,
    };
    if (!beside) return [first];
    return [
      first,
      {
        ...one,
        pictures: beside.surface.pictures,
        ...closely(beside.surface, beside.layer),
        planes: beside.surface.planes,
        heights: beside.surface.shownHeights,
        layer: beside.layer,
        from: edge,
        to: width,
      },
    ];
  };
  useEffect(() => {
    if (box.width > 0) paint((ratio) => scenes(ratio, placement, Math.round(box.width * ratio)));
  });

  const sharper = surface.sharper;
  const sharpened = useRef(props.onSharper);
  sharpened.current = props.onSharper;
  useEffect(() => {
    if (!close || sharper === null || sharper > longest()) return;
    let current = true;
    surface.sharpen().then(
      () => current && sharpened.current(),
      // What is shown stays as it is.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [surface, close, sharper, longest]);

  const zoom = (factor: number, at: Point) => props.onView(zoomAt(box, size, shown.view, screen, factor, at.x, at.y));
  const imagePoint = (at: Point): Point => {
    const found = within({
      x: (at.x - placement.left) / (size.width * placement.scale),
      y: (at.y - placement.top) / (size.height * placement.scale),
    });
    return { x: found.x * size.width, y: found.y * size.height };
  };
  const drawLine = (to: Point, done: boolean) => {
    if (!measures || begun === null) return;
    props.onLine(tool, { from: begun, to }, done);
    if (done) setBegun(null);
  };
  const put = (point: Point) => {
    setCursor(point);
    if (begun !== null) drawLine(point, true);
    else setBegun(point);
  };
  const hand = useHand(
    stage,
    {
      pans: tool === "move",
      lead: (at, { shift, first }) => {
        if (measures) {
          if (first && begun === null) setBegun(imagePoint(at));
          else if (!first) drawLine(imagePoint(at), false);
          return;
        }
        const wanted = lightUnderHand(box, at.x, at.y);
        props.onLight(shift ? (nearestLamp(wanted, lamps)?.direction ?? wanted) : wanted);
      },
      leave: (at, stroke) => {
        moving.current = false;
        if (!measures || begun === null) {
          paint((ratio) => scenes(ratio, placement, Math.round(box.width * ratio)));
          return;
        }
        const point = imagePoint(at);
        setCursor(null);
        // The first click begins a line, and a second one or the end of a stroke ends it.
        if (stroke || Math.hypot(point.x - begun.x, point.y - begun.y) * placement.scale > 2) drawLine(point, true);
      },
      pan: (x, y) => props.onView(panBy(box, size, shown.view, screen, x, y)),
      zoom,
      hover: (at) => {
        const found = at && pointOn(placement, size.width, size.height, at.x, at.y);
        const point = found && { x: found.x * size.width, y: found.y * size.height };
        props.onHover(point);
        if (measures && begun !== null && point && !moving.current) drawLine(point, false);
      },
    },
    moving,
  );
  useImperativeHandle(ref, () => ({
    snapshot: () => {
      const { normals } = surface.pictures;
      const whole = { width: normals!.width, height: normals!.height };
      const at = { left: 0, top: 0, scale: whole.width / size.width };
      return snapshot(whole, scenes(1, at, whole.width));
    },
    zoom: (factor) => zoom(factor, { x: box.width / 2, y: box.height / 2 }),
    step: (right, down) => {
      const from = cursor ?? { x: size.width / 2, y: size.height / 2 };
      const most = Math.max(size.width, size.height);
      const to = imagePoint({
        x: placement.left + (from.x + right * most) * placement.scale,
        y: placement.top + (from.y + down * most) * placement.scale,
      });
      setCursor(to);
      props.onHover(to);
      drawLine(to, false);
    },
    set: () => put(cursor ?? { x: size.width / 2, y: size.height / 2 }),
  }));
  const said =
    shown.layer === "measured" && surface.measured === null
      ? "This was not made of the set yet; As measured, beside, makes it."
      : by === "cpu"
        ? "Drawn without a graphics processor: coarser, and slower."
        : closer.state === "lacking"
          ? "A part of the closer look could not be loaded: it is shown coarser."
          : null;
  return (
    <div className={styles.frame}>
      <div
        ref={stage}
        className={styles.stage}
        data-tool={tool}
        data-testid="stage"
        data-by={by}
        data-closer={closer.state ?? undefined}
        {...hand}
      >
        <canvas ref={gl} className={styles.canvas} data-testid="relight" data-hidden={by !== "gl" || undefined} />
        <canvas ref={cpu} className={styles.canvas} data-hidden={by !== "cpu" || undefined} />
        <Measures
          placement={placement}
          box={box}
          lines={lines}
          circles={props.circles ?? []}
          scale={scale}
          active={measures ? tool : null}
          begun={begun}
          cursor={measures ? cursor : null}
        />
        {beside && <Wipe at={wipe} onAt={setWipe} />}
      </div>
      <div className={styles.hemisphere}>
        <Hemisphere
          light={shown.light}
          lamps={lamps}
          near={shown.layer === "source" ? near : null}
          onLight={props.onLight}
          onMoving={(now) => {
            moving.current = now;
          }}
        />
      </div>
      <div className={styles.corner}>
        <Legend surface={surface} layer={shown.layer} scale={scale} />
        <ScaleRule zoom={placement.scale} scale={scale} most={Math.min(180, box.width / 3)} />
      </div>
      <div className={styles.zoom}>
        <Button icon="plus" aria-label="Zoom in" onClick={() => zoom(1.6, { x: box.width / 2, y: box.height / 2 })} />
        <Button
          icon="minus"
          aria-label="Zoom out"
          onClick={() => zoom(1 / 1.6, { x: box.width / 2, y: box.height / 2 })}
        />
      </div>
      {said && (
        <p className={styles.coarse} role="status">
          {said}
        </p>
      )}
    </div>
  );
}

/** The line between two layers, to be drawn along. */
function Wipe({ at, onAt }: { at: number; onAt: (at: number) => void }) {
  const held = useRef(false);
  const step = (by: number) => onAt(Math.min(1, Math.max(0, at + by)));
  return (
    <div
      className={styles.wipe}
      style={{ left: `${at * 100}%` }}
      role="slider"
      tabIndex={0}
      data-own-keys
      aria-label="Line between the two layers"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at * 100)}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") step(-0.02);
        if (event.key === "ArrowRight") step(0.02);
      }}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = true;
      }}
      onPointerMove={(event) => {
        event.stopPropagation();
        if (!held.current) return;
        const rect = event.currentTarget.parentElement!.getBoundingClientRect();
        onAt(Math.min(1, Math.max(0, (event.clientX - rect.left) / rect.width)));
      }}
      onPointerUp={() => {
        held.current = false;
      }}
      onPointerCancel={() => {
        held.current = false;
      }}
    >
      <span className={styles.grip} />
    </div>
  );
}
