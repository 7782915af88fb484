"use client";

import { type RefObject, useEffect, useState } from "react";

export interface VirtualGrid {
  columns: number;
  /** Indexes to show now: from, up to but without to. */
  from: number;
  to: number;
  /** Room above and below in pixels, for what is not there. */
  before: number;
  after: number;
  /**
   * Height of the whole grid. Given to what is around it, it keeps its place while cells are exchanged: when one goes
   * that has the focus, browsers lay out half of the exchange, and a shorter page would scroll up.
   */
  height: number;
  cell: { width: number; height: number };
}

interface Options {
  count: number;
  minWidth: number;
  gap: number;
  /** Height of a cell from its width; `scale` is how many times as large as usual the browser's letters are. */
  height: (width: number, scale: number) => number;
}

const SPARE_ROWS = 2;

/** Which cells of a long grid are near enough to be seen. `scroller` scrolls, `grid` lies somewhere in it. */
export function useVirtualGrid(
  scroller: RefObject<HTMLElement | null>,
  grid: RefObject<HTMLElement | null>,
  options: Options,
): VirtualGrid {
  const { count, minWidth, gap, height } = options;
  const [view, setView] = useState({ width: 0, top: 0, bottom: 1200, scale: 1 });
  useEffect(() => {
    const outer = scroller.current;
    const inner = grid.current;
    if (!outer || !inner) return;
    let frame = 0;
    const look = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const [a, b] = [outer.getBoundingClientRect(), inner.getBoundingClientRect()];
        const top = a.top - b.top;
        setView({ width: b.width, top, bottom: top + a.height, scale: letterScale() });
      });
    };
    const watcher = new ResizeObserver(look);
    watcher.observe(outer);
    watcher.observe(inner);
    outer.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      cancelAnimationFrame(frame);
      watcher.disconnect();
      outer.removeEventListener("scroll", look);
    };
  }, [scroller, grid]);
  const columns = Math.max(1, Math.floor((view.width + gap) / (minWidth * view.scale + gap)));
  const width = (view.width - gap * (columns - 1)) / columns;
  const row = height(width, view.scale) + gap;
  const rows = Math.ceil(count / columns);
  const first = Math.min(rows, Math.max(0, Math.floor(view.top / row) - SPARE_ROWS));
  const last = Math.min(rows, Math.max(first, Math.ceil(view.bottom / row) + SPARE_ROWS));
  return {
    columns,
    from: first * columns,
    to: Math.min(count, last * columns),
    before: first * row,
    after: Math.max(0, rows - last) * row,
    height: Math.max(0, rows * row - gap),
    cell: { width, height: row - gap },
  };
}

const USUAL_PX = 16;

function letterScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_PX || 1;
}
