"use client";

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { thumbnailUrl } from "@/lib/base";
import { usePreference } from "@/lib/preferences";
import type { ImageFile } from "@/lib/protocol";
import { nextScale, type View, WHOLE } from "@/lib/zoom";
import { Button } from "../ui/Button";
import { isTyping, nameOf } from "../useKeys";
import { ImageFacts } from "./ImageFacts";
import styles from "./ImageViewer.module.css";
import { useExif } from "./useExif";
import { ViewerHead } from "./ViewerHead";
import { type PaneHandle, ViewerPane } from "./ViewerPane";

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
  /** Keeps notes with an image; missing where it has none. */
  onNotes?: (image: ImageFile, notes: string) => void;
  /** Moves an image to the trash; the next one takes its place. */
  onDelete?: (image: ImageFile) => void;
  /** Takes a frame of a set again; `againReason` says why that cannot be now. */
  onAgain?: (image: ImageFile) => void;
  /** How closely it is looked at, at first and whenever that changes. */
  firstView?: View;
  onView?: (view: View) => void;
  againReason?: string | null;
}

const PAN = 0.15;
const ZOOM = 1.25;

/**
 * One image large. Zoom and place stay while going from image to image: a set seen so flicks through its lights. A
 * second image can be held beside the first, moving with it.
 */
export function ImageViewer(props: Props) {
  const { images, index, onIndex, onClose, caption, ratings, onRate, onNotes, onDelete, onAgain } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const pane = useRef<PaneHandle>(null);
  const [singleKeys] = usePreference("singleKeys", true);
  const [view, keepView] = useState<View>(props.firstView ?? WHOLE);
  const setView = (next: View) => {
    keepView(next);
    props.onView?.(next);
  };
  const [facts, setFacts] = useState(false);
  const [clipping, setClipping] = useState(false);
  const [held, setHeld] = useState<string | null>(null);
  const [bare, setBare] = useState(false);
  const at = Math.min(index, images.length - 1);
  const image = images[at]!;
  const other = held === null ? undefined : images.find(({ path }) => path === held);
  const exif = useExif(image.url);
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
    for (const near of [images[at + 1], images[at - 1]]) if (near) new Image().src = thumbnailUrl(near, 1600);
  }, [images, at]);
  const go = (by: number) => onIndex(Math.min(images.length - 1, Math.max(0, at + by)));
  const zoom = () => setView({ ...view, scale: nextScale(view.scale) });
  const rate = (rating: number) => onRate?.(image, rating);
  const remove = () => {
    onDelete?.(image);
    // Otherwise the pressed button may go with the image, and the keys with it.
    dialog.current?.focus();
  };
  const hear = (event: KeyboardEvent) => {
    if (isTyping(event.target) && !isRange(event.target)) return;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => (event.shiftKey ? pane.current?.pan(PAN, 0) : go(-1)),
      ArrowRight: () => (event.shiftKey ? pane.current?.pan(-PAN, 0) : go(1)),
      ArrowUp: () => pane.current?.pan(0, PAN),
      ArrowDown: () => pane.current?.pan(0, -PAN),
      Home: () => onIndex(0),
      End: () => onIndex(images.length - 1),
      Delete: remove,
      r: () => (props.againReason ?? null) === null && onAgain?.(image),
      "+": () => pane.current?.zoom(ZOOM),
      "-": () => pane.current?.zoom(1 / ZOOM),
      z: zoom,
      c: () => setClipping(!clipping),
      i: () => setFacts(!facts),
      x: () => rate(-1),
      ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), () => rate(rating)])),
    };
    const name = nameOf(event.nativeEvent);
    const action = actions[name];
    if (!action || (!singleKeys && name.length === 1)) return;
    event.preventDefault();
    action();
  };
  const rating = ratings?.[image.filename];
  const words = (shown: ImageFile) => caption?.(shown) ?? shown.filename;
  const shared = { view, onView: setView, clipping };
  return (
    <dialog
      ref={dialog}
      className={styles.viewer}
      tabIndex={-1}
      aria-label={`Image ${image.filename}`}
      data-bare={bare || undefined}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        hear(event);
      }}
    >
      <ViewerHead
        image={image}
        title={words(image)}
        detail={`${at + 1} of ${images.length}${caption ? ` · ${image.filename}` : ""}`}
        rating={rating}
        onRate={onRate && rate}
        scale={view.scale}
        onScale={(scale) => setView({ ...view, scale })}
        clipping={clipping}
        onClipping={setClipping}
        comparing={other !== undefined}
        onCompare={() => setHeld(other ? null : image.path)}
        facts={facts}
        onFacts={setFacts}
        again={onAgain && { onPress: () => onAgain(image), reason: props.againReason ?? null }}
        onDelete={onDelete && remove}
        onClose={onClose}
      />
      <div className={styles.panes}>
        {other && (
          <ViewerPane image={other} {...shared}>
            <span className={styles.tag}>{words(other)}</span>
          </ViewerPane>
        )}
        <ViewerPane ref={pane} image={image} exif={exif} {...shared} onFlick={go} onTap={() => setBare(!bare)}>
          {other && <span className={styles.tag}>{words(image)}</span>}
          {rating === -1 && <span className={styles.rejected}>Rejected</span>}
        </ViewerPane>
        {facts && <ImageFacts image={image} exif={exif} onNotes={onNotes && ((notes) => onNotes(image, notes))} />}
      </div>
      <footer className={styles.foot}>
        <Button tone="quiet" icon="left" aria-label="Previous image" disabled={at === 0} onClick={() => go(-1)} />
        {images.length > 1 && (
          <input
            type="range"
            aria-label={caption ? "Flick through the lights" : "Flick through the images"}
            aria-valuetext={words(image)}
            min="0"
            max={images.length - 1}
            value={at}
            onChange={(event) => onIndex(Number(event.target.value))}
          />
        )}
        <Button
          tone="quiet"
          icon="right"
          aria-label="Next image"
          disabled={at === images.length - 1}
          onClick={() => go(1)}
        />
      </footer>
    </dialog>
  );
}

function isRange(target: EventTarget): boolean {
  return target instanceof HTMLInputElement && target.type === "range";
}
