"use client";

import { type RefObject, useEffect, useRef, useState } from "react";
import { type Limits, LiveviewStream, type Readout, type StreamState, UNLIMITED } from "@/services/LiveviewStream";
import type { Measured, ToWorker } from "@/services/liveviewMessages";
import { useStore } from "./RigProvider";

export interface Box {
  width: number;
  height: number;
  pixelRatio: number;
}

interface Report {
  readout?: (readout: Readout) => void;
  measured?: (measured: Measured) => void;
}

/**
 * A canvas as the first child of `stage` on which a worker of its own draws the live view of a camera, null for none.
 * Nothing of a frame passes through React. The worker must be told how the picture is to be shown.
 */
export function useLiveCanvas(
  stage: RefObject<HTMLElement | null>,
  className: string,
  cameraId: string | null,
  limits: Partial<Limits>,
  report: Report = {},
) {
  const { service } = useStore();
  const [worker, setWorker] = useState<Worker | null>(null);
  const [state, setState] = useState<StreamState>({ state: "off" });
  const [frame, setFrame] = useState<{ width: number; height: number } | null>(null);
  const [box, setBox] = useState<Box>({ width: 0, height: 0, pixelRatio: 1 });
  const stream = useRef<LiveviewStream | null>(null);
  const latest = useRef(report);
  latest.current = report;

  useEffect(() => {
    const shown = stage.current;
    if (!shown) return;
    const canvas = appendCanvas(shown, className);
    const started = new Worker(new URL("../services/liveview.worker.ts", import.meta.url), { type: "module" });
    const offscreen = canvas.transferControlToOffscreen();
    started.postMessage({ kind: "canvas", canvas: offscreen } satisfies ToWorker, [offscreen]);
    setWorker(started);
    const opened = new LiveviewStream(service, started, {
      state: setState,
      readout: (now) => latest.current.readout?.(now),
      measured: (now) => latest.current.measured?.(now),
      size: (width, height) => setFrame({ width, height }),
    });
    opened.open();
    stream.current = opened;
    const watcher = new ResizeObserver(() => {
      const { width, height } = shown.getBoundingClientRect();
      setBox({ width, height, pixelRatio: Math.min(2, window.devicePixelRatio || 1) });
    });
    watcher.observe(shown);
    return () => {
      watcher.disconnect();
      opened.close();
      started.terminate();
      canvas.remove();
    };
  }, [service, stage, className]);

  const { maxWidth, maxFps, whole } = { ...UNLIMITED, ...limits };
  // The worker comes with a new stream, which must be told too.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(
    () => stream.current?.want(cameraId, { maxWidth, maxFps, whole }),
    [cameraId, worker, maxWidth, maxFps, whole],
  );

  return { worker, state, frame, box, again: () => stream.current?.again() };
}

export function appendCanvas(parent: HTMLElement, className: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = className;
  canvas.setAttribute("aria-hidden", "true");
  parent.prepend(canvas);
  return canvas;
}
