"use client";

import { type PointerEvent, type RefObject, useEffect, useRef } from "react";
import type { Point } from "@/lib/fit";

/** Movement that makes a click a stroke, in screen pixels. */
const STROKE = 6;

export interface Hand {
  /** One hand moves over the stage; `first` where it begins. Places are in screen pixels of the stage. */
  lead: (at: Point, event: { shift: boolean; first: boolean }) => void;
  /** The hand has left; `stroke` where it moved meanwhile. */
  leave: (at: Point, stroke: boolean) => void;
  pan: (x: number, y: number) => void;
  zoom: (factor: number, at: Point) => void;
  hover: (at: Point | null) => void;
  /** Whether one hand draws the picture along instead. */
  pans: boolean;
}

interface Held {
  start: Point;
  now: Point;
  pans: boolean;
  stroke: boolean;
}

/** One pointer leads, two zoom and draw along, the wheel zooms at its place; a pointer that went down is heard everywhere. */
export function useHand(stage: RefObject<HTMLElement | null>, hand: Hand, moving: RefObject<boolean>) {
  const latest = useRef(hand);
  latest.current = hand;
  const held = useRef(new Map<number, Held>());
  const place = (event: { clientX: number; clientY: number }): Point => {
    const rect = stage.current!.getBoundingClientRect();
    return { x: event.clientX - rect.left, y: event.clientY - rect.top };
  };
  useEffect(() => {
    const shown = stage.current!;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      latest.current.zoom(Math.exp(-event.deltaY * 0.0025), place(event));
    };
    shown.addEventListener("wheel", turn, { passive: false });
    return () => shown.removeEventListener("wheel", turn);
  });
  const down = (event: PointerEvent<HTMLElement>) => {
    if (event.button > 2) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = place(event);
    const pans = latest.current.pans || event.button !== 0;
    held.current.set(event.pointerId, { start: at, now: at, pans, stroke: false });
    moving.current = true;
    if (held.current.size === 1 && !pans) latest.current.lead(at, { shift: event.shiftKey, first: true });
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    const at = place(event);
    latest.current.hover(at);
    const mine = held.current.get(event.pointerId);
    if (!mine) return;
    const before = mine.now;
    mine.now = at;
    mine.stroke ||= Math.hypot(at.x - mine.start.x, at.y - mine.start.y) > STROKE;
    const other = [...held.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (point: Point) => Math.hypot(point.x - other.now.x, point.y - other.now.y) || 1;
      latest.current.zoom(apart(at) / apart(before), { x: (at.x + other.now.x) / 2, y: (at.y + other.now.y) / 2 });
      latest.current.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    } else if (mine.pans) latest.current.pan(at.x - before.x, at.y - before.y);
    else latest.current.lead(at, { shift: event.shiftKey, first: false });
  };
  const up = (event: PointerEvent<HTMLElement>) => {
    const mine = held.current.get(event.pointerId);
    if (!mine) return;
    held.current.delete(event.pointerId);
    // What remains of two fingers leads nothing: it was not meant to.
    for (const other of held.current.values()) other.pans = true;
    moving.current = held.current.size > 0;
    if (!mine.pans) latest.current.leave(place(event), mine.stroke);
  };
  return {
    onPointerDown: down,
    onPointerMove: move,
    onPointerUp: up,
    onPointerCancel: up,
    onPointerLeave: () => held.current.size === 0 && latest.current.hover(null),
    onContextMenu: (event: { preventDefault: () => void }) => event.preventDefault(),
  };
}
