"use client";

import { type PointerEvent, type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";
import { originalUrl, thumbnailUrl } from "@/lib/base";
import { type Exif, trueSize } from "@/lib/exif";
import type { Point } from "@/lib/fit";
import { kindOf } from "@/lib/images";
import type { ImageFile } from "@/lib/protocol";
import { panBy, placed, type Size, sizeFor, type View, WHOLE, zoomAt } from "@/lib/zoom";
import { useFlick } from "../useFlick";
import { ClippingLayer } from "./ClippingLayer";
import styles from "./ImageViewer.module.css";

export interface PaneHandle {
  /** Draw the picture along by so much of the pane, right and down. */
  pan: (x: number, y: number) => void;
  /** Make the picture so many times as large, around the middle of the pane. */
  zoom: (factor: number) => void;
}

interface Props {
  ref?: Ref<PaneHandle>;
  image: ImageFile;
  exif?: Exif | null;
  view: View;
  onView: (view: View) => void;
  clipping: boolean;
  /** A finger went over the whole picture: so many images further. */
  onFlick?: (by: number) => void;
  /** A finger tapped it. */
  onTap?: () => void;
  children?: ReactNode;
}

/** An image in a frame: the wheel and two fingers zoom at their place, dragging pans. */
export function ViewerPane({ ref, image, exif = null, view, onView, clipping, onFlick, onTap, children }: Props) {
  const pane = useRef<HTMLDivElement>(null);
  const box = useBox(pane);
  const [loaded, setLoaded] = useState<Size | null>(null);
  const pointers = useRef(new Map<number, Point>());
  const flick = useFlick(onFlick, onTap);
  const ratio = typeof window === "undefined" ? 1 : window.devicePixelRatio || 1;
  const zoomed = view.scale !== "fit";
  // Shown small, the server's preview is enough; the original comes when it is looked at closely.
  const full = useDecoded(zoomed && kindOf(image.filename) === "jpeg" ? originalUrl(image) : null);
  const size = loaded && ((exif && trueSize(exif, loaded)) ?? full.size ?? loaded);
  const placement = size && placed(box, size, view, ratio);

  const zoomBy = (factor: number, x: number, y: number) => size && onView(zoomAt(box, size, view, ratio, factor, x, y));
  const pan = (x: number, y: number) => size && onView(panBy(box, size, view, ratio, x, y));
  useImperativeHandle(ref, () => ({
    pan: (x, y) => pan(x * box.width, y * box.height),
    zoom: (factor) => zoomBy(factor, box.width / 2, box.height / 2),
  }));
  useWheel(pane, zoomBy);

  const move = (event: PointerEvent<HTMLDivElement>) => {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, now);
    if (other) {
      const rect = event.currentTarget.getBoundingClientRect();
      const apart = (point: Point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      zoomBy(apart(now) / apart(before), (now.x + other.x) / 2 - rect.left, (now.y + other.y) / 2 - rect.top);
      flick.forget();
    } else if (zoomed) pan(now.x - before.x, now.y - before.y);
    else flick.move(event);
  };
  const end = (event: PointerEvent<HTMLDivElement>) => {
    pointers.current.delete(event.pointerId);
    if (event.type === "pointerup") flick.end(event, !zoomed);
    else flick.forget();
  };
  const style = placement &&
    size && {
      transform: `translate(${placement.left}px, ${placement.top}px)`,
      width: size.width * placement.scale,
      height: size.height * placement.scale,
    };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys do the same on the dialog
    <div
      ref={pane}
      className={styles.pane}
      data-zoomed={zoomed || undefined}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (pointers.current.size === 1) flick.begin(event);
        else flick.forget();
      }}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onDoubleClick={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        if (zoomed) onView(WHOLE);
        else if (placement) zoomBy(1 / ratio / placement.scale, event.clientX - rect.left, event.clientY - rect.top);
      }}
    >
      <img
        src={full.url ?? thumbnailUrl(image, 1600)}
        alt={image.filename}
        draggable={false}
        data-testid="viewed"
        onLoad={(event) => {
          const { naturalWidth: width, naturalHeight: height } = event.currentTarget;
          setLoaded((before) => sizeFor(before, { width, height }));
        }}
        style={
          style && placement
            ? { ...style, imageRendering: placement.scale * ratio >= 2 ? "pixelated" : "auto" }
            : { visibility: "hidden" }
        }
      />
      {clipping && style && <ClippingLayer url={thumbnailUrl(image, 1600)} style={style} />}
      {children}
    </div>
  );
}

/** The size of an element in CSS pixels. */
function useBox(element: React.RefObject<HTMLElement | null>): Size {
  const [box, setBox] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const shown = element.current!;
    const watcher = new ResizeObserver(() => setBox({ width: shown.clientWidth, height: shown.clientHeight }));
    watcher.observe(shown);
    return () => watcher.disconnect();
  }, [element]);
  return box;
}

/** A picture that is decoded before it is shown, so that the small one stays until then. */
function useDecoded(url: string | null): { url: string | null; size: Size | null } {
  const [ready, setReady] = useState<{ url: string; size: Size } | null>(null);
  useEffect(() => {
    if (url === null) return;
    let current = true;
    const loading = new Image();
    loading.src = url;
    const take = () => {
      if (current) setReady({ url, size: { width: loading.naturalWidth, height: loading.naturalHeight } });
    };
    // What cannot be decoded stays as the server's preview shows it.
    loading.decode().then(take, () => undefined);
    return () => {
      current = false;
    };
  }, [url]);
  return ready !== null && ready.url === url ? ready : { url: null, size: null };
}

type ZoomBy = (factor: number, x: number, y: number) => void;

/** The wheel zooms; only a listener that is not passive can keep the page from scrolling with it. */
function useWheel(element: React.RefObject<HTMLElement | null>, zoomBy: ZoomBy): void {
  const latest = useRef(zoomBy);
  latest.current = zoomBy;
  useEffect(() => {
    const shown = element.current!;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const rect = shown.getBoundingClientRect();
      latest.current(Math.exp(-event.deltaY * 0.0025), event.clientX - rect.left, event.clientY - rect.top);
    };
    shown.addEventListener("wheel", turn, { passive: false });
    return () => shown.removeEventListener("wheel", turn);
  }, [element]);
}
