"use client";

import { type PointerEvent, useRef } from "react";
import { type Placement, type Point, pointOn, within } from "@/lib/fit";

const MOVED_PX = 5;
/** A second tap within this time magnifies, and the first one then means nothing else. */
const SECOND_TAP_MS = 260;

interface Picture {
  placement: Placement;
  width: number;
  height: number;
  pixelRatio: number;
}

interface Wishes {
  /** A point of the picture was tapped; nothing is called for a tap beside it. */
  onTap: (point: Point) => void;
  onDoubleTap: () => void;
  /** The picture is dragged so that another point comes to the middle; null where it cannot be. */
  onPan: ((centre: Point) => void) | null;
}

/** Tells taps, double taps and drags on the live view from one another, in shares of the frame. */
export function useLiveviewPointer(picture: Picture | null, centre: Point, wishes: Wishes) {
  const start = useRef<{ x: number; y: number; centre: Point; moved: boolean } | null>(null);
  const tap = useRef<ReturnType<typeof setTimeout> | null>(null);
  const latest = useRef(wishes);
  latest.current = wishes;
  return {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      if (event.button !== 0 || !event.isPrimary) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { x: event.clientX, y: event.clientY, centre, moved: false };
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      const from = start.current;
      if (!from || !picture) return;
      const dx = event.clientX - from.x;
      const dy = event.clientY - from.y;
      from.moved ||= Math.hypot(dx, dy) > MOVED_PX;
      if (!from.moved) return;
      const per = picture.pixelRatio / picture.placement.scale;
      latest.current.onPan?.(
        within({ x: from.centre.x - (dx * per) / picture.width, y: from.centre.y - (dy * per) / picture.height }),
      );
    },
    onPointerCancel: () => {
      start.current = null;
    },
    onPointerUp: (event: PointerEvent<HTMLDivElement>) => {
      const from = start.current;
      start.current = null;
      if (!from || from.moved || !picture) return;
      if (tap.current !== null) {
        clearTimeout(tap.current);
        tap.current = null;
        latest.current.onDoubleTap();
        return;
      }
      const rect = event.currentTarget.getBoundingClientRect();
      const x = (event.clientX - rect.left) * picture.pixelRatio;
      const y = (event.clientY - rect.top) * picture.pixelRatio;
      const point = pointOn(picture.placement, picture.width, picture.height, x, y);
      tap.current = setTimeout(() => {
        tap.current = null;
        if (point) latest.current.onTap(point);
      }, SECOND_TAP_MS);
    },
  };
}
