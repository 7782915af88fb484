"use client";

import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { CpuPainter } from "@/lib/relight/cpu";
import { GlPainter } from "@/lib/relight/gl";
import { NoGraphics, type Painter, type Scene } from "@/lib/relight/painter";

/** Between two pictures of a light that moves: where it takes longer than this, they are drawn coarser meanwhile. */
const SLOW_MS = 60;
const SLOW_TIMES = 3;
/** What takes longer is a hand that rests; a machine without a graphics processor may well take a second. */
const REST_MS = 3000;
const COARSE = 0.5;

export type Drawn = "gl" | "cpu";

interface Canvases {
  gl: RefObject<HTMLCanvasElement | null>;
  cpu: RefObject<HTMLCanvasElement | null>;
}

export interface Painting {
  /** What draws; the main processor where there is no WebGL 2, or no more of it. */
  by: Drawn;
  /** Draw soon; `scenes` is asked when it is time, with how many canvas pixels a screen pixel has. */
  paint: (scenes: (ratio: number) => Scene[]) => void;
  /** The longest edge that a picture may have; 0 where a larger one would be of no use. */
  longest: () => number;
  /** Draw at once, at a size, and give the picture. */
  snapshot: (size: { width: number; height: number }, scenes: Scene[]) => Promise<Blob | null>;
}

/** Draws into two canvases that lie on each other, of which the one that works is shown. */
export function usePainter(canvases: Canvases, moving: RefObject<boolean>): Painting {
  const [by, setBy] = useState<Drawn>("gl");
  const painters = useRef<Partial<Record<Drawn, Painter>>>({});
  const wish = useRef<((ratio: number) => Scene[]) | null>(null);
  const pending = useRef(0);
  const pace = useRef({ at: 0, slow: 0, coarse: false });
  const { gl, cpu } = canvases;

  const painterOf = useCallback(
    (kind: Drawn): Painter => {
      const made =
        painters.current[kind] ?? (kind === "gl" ? new GlPainter(gl.current!) : new CpuPainter(cpu.current!));
      painters.current[kind] = made;
      return made;
    },
    [gl, cpu],
  );
  const draw = useCallback(
    (kind: Drawn) => {
      const canvas = (kind === "gl" ? gl : cpu).current;
      if (canvas === null || wish.current === null) return;
      const ratio = (window.devicePixelRatio || 1) * (pace.current.coarse ? COARSE : 1);
      const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
      const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      painterOf(kind).draw(wish.current(ratio));
      canvas.dataset.drawn = String(Number(canvas.dataset.drawn ?? 0) + 1);
    },
    [gl, cpu, painterOf],
  );
  const turn = useCallback(() => {
    pending.current = 0;
    judge(pace.current, moving.current);
    try {
      draw(by);
    } catch (error) {
      if (!(error instanceof NoGraphics)) throw error;
      delete painters.current.gl;
      setBy("cpu");
    }
  }, [by, draw, moving]);
  const paint = useCallback(
    (scenes: (ratio: number) => Scene[]) => {
      wish.current = scenes;
      if (pending.current === 0) pending.current = requestAnimationFrame(turn);
    },
    [turn],
  );
  useEffect(() => {
    // The wish before may have been meant for the other one.
    if (pending.current !== 0) cancelAnimationFrame(pending.current);
    pending.current = requestAnimationFrame(turn);
    return () => cancelAnimationFrame(pending.current);
  }, [turn]);
  useEffect(() => {
    const canvas = gl.current!;
    const lost = (event: Event) => {
      // Without this it never comes back.
      event.preventDefault();
      delete painters.current.gl;
      setBy("cpu");
    };
    const back = () => setBy("gl");
    canvas.addEventListener("webglcontextlost", lost);
    canvas.addEventListener("webglcontextrestored", back);
    const made = painters;
    return () => {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", back);
      for (const painter of Object.values(made.current)) painter.dispose();
      made.current = {};
    };
  }, [gl]);
  const snapshot = useCallback(
    async (size: { width: number; height: number }, scenes: Scene[]) => {
      const canvas = (by === "gl" ? gl : cpu).current!;
      canvas.width = size.width;
      canvas.height = size.height;
      painterOf(by).draw(scenes);
      // What was drawn is there until this task ends, so the copy is begun in it.
      const blob = new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
      if (pending.current === 0) pending.current = requestAnimationFrame(turn);
      return blob;
    },
    [by, gl, cpu, painterOf, turn],
  );
  const longest = useCallback(() => {
    const painter = painters.current[by];
    return painter instanceof GlPainter ? painter.longest : 0;
  }, [by]);
  return { by, paint, longest, snapshot };
}

/** Keep in mind how fast pictures follow each other while a hand moves; at rest each is drawn whole. */
function judge(pace: { at: number; slow: number; coarse: boolean }, moving: boolean): void {
  const now = performance.now();
  const took = now - pace.at;
  pace.at = now;
  if (!moving) {
    pace.slow = 0;
    pace.coarse = false;
  } else if (took < REST_MS) {
    pace.slow = took > SLOW_MS ? pace.slow + 1 : 0;
    if (pace.slow >= SLOW_TIMES) pace.coarse = true;
  }
}
