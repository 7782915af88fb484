"use client";

import { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { exifUrl, serverUrl, thumbnailUrl } from "@/lib/base";
import { type Placement, type Point, place, pointAt, type Zoom } from "@/lib/fit";
import { bytes } from "@/lib/format";
import type { ImageFile } from "@/lib/protocol";
import { HistogramOfShot, useHistogram } from "../capture/LastShot";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { nameOf } from "../useKeys";
import styles from "./ImageViewer.module.css";
import { Rating } from "./Rating";

interface Props {
  images: ImageFile[];
  index: number;
  onIndex: (index: number) => void;
  onClose: () => void;
  /** What is written under an image, such as its light. */
  caption?: (image: ImageFile) => string;
  /** Ratings by filename and how to change one. */
  ratings?: Record<string, number>;
  onRate?: (image: ImageFile, rating: number) => void;
}

/** Whole, at 1 or 2 screen pixels per picture pixel, or so many times as large as whole. */
type Scale = Zoom | { times: number };
const STEPS: Record<string, Zoom> = { fit: 1, "1": 2, "2": "fit" };
const LARGEST = 24;
const CENTRE: Point = { x: 0.5, y: 0.5 };

/**
 * One image large. Zoom and place stay while going from image to image: a set seen so flicks through its lights. A
 * second image can be held beside the first, moving with it.
 */
export function ImageViewer({ images, index, onIndex, onClose, caption, ratings, onRate }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [scale, setScale] = useState<Scale>("fit");
  const [centre, setCentre] = useState<Point>(CENTRE);
  const [facts, setFacts] = useState(false);
  const [held, setHeld] = useState<number | null>(null);
  const image = images[index]!;
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  // The neighbours are fetched ahead, so that flicking does not flicker.
  useEffect(() => {
    for (const near of [images[index + 1], images[index - 1]]) if (near) new Image().src = thumbnailUrl(near.url, 1600);
  }, [images, index]);
  const go = (by: number) => onIndex(Math.min(images.length - 1, Math.max(0, index + by)));
  const zoom = () => setScale(STEPS[String(scale)] ?? "fit");
  const rate = (rating: number) => onRate?.(image, rating);
  const hear = (event: KeyboardEvent) => {
    const actions: Record<string, () => void> = {
      ArrowLeft: () => go(-1),
      ArrowRight: () => go(1),
      Home: () => onIndex(0),
      End: () => onIndex(images.length - 1),
      z: zoom,
      i: () => setFacts(!facts),
      x: () => rate(-1),
      ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), () => rate(rating)])),
    };
    const action = actions[nameOf(event)];
    if (!action) return;
    event.preventDefault();
    action();
  };
  const rating = ratings?.[image.filename];
  const view = { scale, setScale, centre, setCentre };
  return (
    <dialog
      ref={dialog}
      className={styles.viewer}
      tabIndex={-1}
      aria-label={`Image ${image.filename}`}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        hear(event.nativeEvent);
      }}
    >
      <header className={styles.head}>
        <p className={styles.name}>
          <strong>{caption?.(image) ?? image.filename}</strong>
          <span>
            {index + 1} of {images.length}
            {caption && ` · ${image.filename}`}
          </span>
        </p>
        {onRate && (
          <div className={styles.rating}>
            <Rating rating={rating} onRate={rate} />
          </div>
        )}
        <Button tone="quiet" icon="loupe" className={styles.zoom} onClick={zoom} title="Zoom (Z)">
          {scaleWords(scale)}
        </Button>
        <Button
          tone="quiet"
          icon="compare"
          className={styles.compare}
          aria-pressed={held !== null}
          aria-label="Compare"
          title={held === null ? "Hold this image and compare it with others" : "Stop comparing"}
          onClick={() => setHeld(held === null ? index : null)}
        />
        <Button
          tone="quiet"
          icon="info"
          aria-pressed={facts}
          aria-label="Facts"
          title="Facts (I)"
          onClick={() => setFacts(!facts)}
        />
        <a
          className={styles.download}
          href={`${serverUrl(image.url)}?download=1`}
          download={image.filename}
          aria-label={`Download ${image.filename}`}
        >
          <Icon name="download" />
        </a>
        <Button tone="quiet" icon="close" aria-label="Close" onClick={onClose} />
      </header>
      <div className={styles.panes}>
        {held !== null && images[held] && (
          <Pane image={images[held]} {...view}>
            <span className={styles.tag}>{caption?.(images[held]) ?? images[held].filename}</span>
          </Pane>
        )}
        <Pane image={image} {...view}>
          {held !== null && <span className={styles.tag}>{caption?.(image) ?? image.filename}</span>}
          {rating === -1 && <span className={styles.rejected}>Rejected</span>}
        </Pane>
        {facts && <Facts image={image} />}
      </div>
      <footer className={styles.foot}>
        <Button tone="quiet" icon="left" aria-label="Previous image" disabled={index === 0} onClick={() => go(-1)} />
        {images.length > 1 && (
          <input
            type="range"
            aria-label={caption ? "Flick through the lights" : "Flick through the images"}
            aria-valuetext={caption?.(image) ?? image.filename}
            min="0"
            max={images.length - 1}
            value={index}
            onChange={(event) => onIndex(Number(event.target.value))}
          />
        )}
        <Button
          tone="quiet"
          icon="right"
          aria-label="Next image"
          disabled={index === images.length - 1}
          onClick={() => go(1)}
        />
      </footer>
    </dialog>
  );
}

interface PaneProps {
  image: ImageFile;
  scale: Scale;
  setScale: (scale: Scale) => void;
  centre: Point;
  setCentre: (centre: Point) => void;
  children?: ReactNode;
}

function scaleWords(scale: Scale): string {
  if (scale === "fit") return "Fit";
  return typeof scale === "number" ? `${scale}00 %` : `${scale.times.toFixed(1)} ×`;
}

interface Size {
  width: number;
  height: number;
}

function placed(box: Size, size: Size, scale: Scale, ratio: number, centre: Point): Placement {
  const { width, height } = size;
  if (scale === "fit") return place(box, width, height);
  const exact = typeof scale === "number" ? scale / ratio : place(box, width, height).scale * scale.times;
  return place(box, width, height, exact, centre);
}

/** An image in a frame: the wheel and two fingers zoom at their place, dragging pans. */
function Pane({ image, scale, setScale, centre, setCentre, children }: PaneProps) {
  const pane = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ width: 0, height: 0 });
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [full, setFull] = useState<string | null>(null);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  useEffect(() => {
    const shown = pane.current!;
    const watcher = new ResizeObserver(() => setBox({ width: shown.clientWidth, height: shown.clientHeight }));
    watcher.observe(shown);
    return () => watcher.disconnect();
  }, []);
  const ratio = typeof window === "undefined" ? 1 : window.devicePixelRatio || 1;
  const placement = size && placed(box, size, scale, ratio, centre);
  const zoomed = scale !== "fit";
  // Shown small, the server's preview is enough; the original comes when it is looked at closely.
  const sharp = zoomed && image.mimetype === "image/jpeg" ? serverUrl(image.url) : null;
  useEffect(() => {
    if (sharp === null) return;
    let current = true;
    const loading = new Image();
    loading.src = sharp;
    loading
      .decode()
      .then(() => {
        if (!current) return;
        setFull(sharp);
        setSize({ width: loading.naturalWidth, height: loading.naturalHeight });
      })
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [sharp]);

  const zoomAt = (factor: number, x: number, y: number) => {
    if (!placement || !size) return;
    const under = pointAt(placement, size.width, size.height, x, y);
    const fitting = place(box, size.width, size.height).scale;
    const next = Math.min(fitting * LARGEST, placement.scale * factor);
    if (next <= fitting) {
      setScale("fit");
      return;
    }
    setScale({ times: next / fitting });
    const inside = (value: number) => Math.min(1, Math.max(0, value));
    setCentre({
      x: inside(under.x + (box.width / 2 - x) / (size.width * next)),
      y: inside(under.y + (box.height / 2 - y) / (size.height * next)),
    });
  };
  const latest = useRef(zoomAt);
  latest.current = zoomAt;
  useEffect(() => {
    const shown = pane.current!;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const rect = shown.getBoundingClientRect();
      latest.current(Math.exp(-event.deltaY * 0.0025), event.clientX - rect.left, event.clientY - rect.top);
    };
    shown.addEventListener("wheel", turn, { passive: false });
    return () => shown.removeEventListener("wheel", turn);
  }, []);

  const move = (event: PointerEvent<HTMLDivElement>) => {
    const before = pointers.current.get(event.pointerId);
    if (!before || !placement || !size) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, now);
    if (other) {
      const rect = event.currentTarget.getBoundingClientRect();
      const apart = (point: Point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      zoomAt(apart(now) / apart(before), (now.x + other.x) / 2 - rect.left, (now.y + other.y) / 2 - rect.top);
    } else if (zoomed) {
      const inside = (value: number) => Math.min(1, Math.max(0, value));
      const { scale: drawn } = placement;
      setCentre({
        x: inside(centre.x - (now.x - before.x) / (size.width * drawn)),
        y: inside(centre.y - (now.y - before.y) / (size.height * drawn)),
      });
    }
  };
  const end = (event: PointerEvent<HTMLDivElement>) => {
    pointers.current.delete(event.pointerId);
  };
  const source = full !== null && full === sharp ? full : thumbnailUrl(image.url, 1600);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys do the same on the dialog
    <div
      ref={pane}
      className={styles.pane}
      data-zoomed={zoomed || undefined}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      }}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onDoubleClick={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        if (zoomed) setScale("fit");
        else if (placement) zoomAt(1 / ratio / placement.scale, event.clientX - rect.left, event.clientY - rect.top);
      }}
    >
      <img
        src={source}
        alt={image.filename}
        draggable={false}
        data-testid="viewed"
        onLoad={(event) => {
          const { naturalWidth: width, naturalHeight: height } = event.currentTarget;
          setSize((before) => (before && before.width > width ? before : { width, height }));
        }}
        style={
          placement && size
            ? {
                transform: `translate(${placement.left}px, ${placement.top}px)`,
                width: size.width * placement.scale,
                height: size.height * placement.scale,
                imageRendering: placement.scale * ratio >= 2 ? "pixelated" : "auto",
              }
            : { visibility: "hidden" }
        }
      />
      {children}
    </div>
  );
}

/** The histogram and what the camera wrote into the file. */
function Facts({ image }: { image: ImageFile }) {
  const histogram = useHistogram(thumbnailUrl(image.url, 640));
  const [exif, setExif] = useState<[string, string][]>([]);
  useEffect(() => {
    let current = true;
    fetch(exifUrl(image.url))
      .then((answer) => (answer.ok ? answer.json() : {}))
      .then((facts: Exif) => current && setExif(exifRows(facts)))
      .catch(() => current && setExif([]));
    return () => {
      current = false;
    };
  }, [image]);
  return (
    <aside className={styles.facts} aria-label="Facts">
      {histogram && <HistogramOfShot histogram={histogram} />}
      <dl>
        {[["File", image.filename], ["Size", bytes(image.size)], ...exif].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

type Exif = Partial<Record<string, string | number | boolean | null>>;

function exifRows(facts: Exif): [string, string][] {
  const { make, model, lens, serial, taken_at, shutter, f_number, iso, exposure_bias, focal_length_mm, width, height } =
    facts;
  const rows: [string, string | null | false | undefined][] = [
    [
      "Camera",
      model ? (String(model).startsWith(String(make)) ? String(model) : `${make ?? ""} ${model}`.trim()) : null,
    ],
    ["Serial number", serial ? String(serial) : null],
    ["Lens", lens ? String(lens) : null],
    ["Taken at", taken_at ? String(taken_at).replace("T", " ") : null],
    [
      "Exposure",
      [shutter && `${shutter} s`, f_number && `f/${f_number}`, iso && `ISO ${iso}`].filter(Boolean).join(" · ") || null,
    ],
    ["Exposure bias", exposure_bias ? `${exposure_bias} EV` : null],
    ["Focal length", focal_length_mm ? `${focal_length_mm} mm` : null],
    ["White balance", facts.auto_white_balance === true && "automatic"],
    ["Pixels", width && height ? `${width} × ${height}` : null],
  ];
  return rows.filter((row): row is [string, string] => Boolean(row[1]));
}
