"use client";

import { type RefObject, useEffect, useState } from "react";
import type { Size } from "@/lib/zoom";

/** The size of an element in CSS pixels. */
export function useBox(element: RefObject<HTMLElement | null>): Size {
  const [box, setBox] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const shown = element.current!;
    const watcher = new ResizeObserver(() => setBox({ width: shown.clientWidth, height: shown.clientHeight }));
    watcher.observe(shown);
    return () => watcher.disconnect();
  }, [element]);
  return box;
}
