"use client";

import { useState } from "react";
import { serverUrl, zipUrl } from "@/lib/base";
import { bytes, plural } from "@/lib/format";
import type { ImageFile } from "@/lib/protocol";
import type { Shot } from "@/lib/sets";
import { Button } from "../ui/Button";
import { ChosenBar } from "../ui/ChosenBar";
import { useKeys } from "../useKeys";
import { Rating } from "./Rating";

/** Browsers drop a download that begins in the same moment as another one. */
const BETWEEN_DOWNLOADS_MS = 600;

interface Props {
  /** The chosen ones. */
  shots: Shot[];
  /** All that are shown: keys mean the one that has the focus while none is chosen. */
  all: Shot[];
  ratings?: Record<string, number>;
  /** The set that they belong to: chosen as a whole it comes as one zip, with what tells of the images. */
  setName?: string;
  /** Changes the ratings of all of them; missing where none can be kept. */
  onRate?: (images: ImageFile[], rating: number) => void;
  /** Writes the same notes to all of them, and moves all to the trash; missing where that cannot be. */
  onNotes?: () => void;
  onDelete?: (images: ImageFile[]) => void;
  onNone: () => void;
}

/** What can be done with the chosen images. */
export function ChosenShots({ shots, all, ratings = {}, setName, onRate, onNotes, onDelete, onNone }: Props) {
  const [left, setLeft] = useState(0);
  const images = shots.map((shot) => shot.image);
  const files = shots.flatMap((shot) => [shot.image, ...shot.others]);
  const meant = () => (images.length > 0 ? images : focusedOf(all));
  const rate = (rated: ImageFile[], rating: number) => rated.length > 0 && onRate?.(rated, rating);
  const remove = (gone: ImageFile[]) => gone.length > 0 && onDelete?.(gone);
  useKeys({
    x: () => rate(meant(), -1),
    Delete: () => remove(meant()),
    ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), () => rate(meant(), rating)])),
  });
  if (shots.length === 0) return null;
  const known = new Set(images.map((image) => ratings[image.filename] ?? 0));
  const whole = setName !== undefined && shots.length === all.length ? zipUrl(setName, "all") : null;
  const download = async () => {
    if (whole) {
      save(whole, `${setName}.zip`);
      return;
    }
    for (const [number, file] of files.entries()) {
      setLeft(files.length - number);
      save(`${serverUrl(file.url)}?download=1`, file.filename);
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS_MS));
    }
    setLeft(0);
  };
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <ChosenBar label="Chosen images" count={plural(shots.length, "image")} onNone={onNone}>
      {onRate && (
        <Rating rating={known.size === 1 ? [...known][0] : undefined} onRate={(rating) => rate(images, rating)} />
      )}
      <Button
        icon="download"
        disabled={left > 0}
        onClick={download}
        title={whole ? "The whole set as zip" : `${plural(files.length, "file")}, one by one`}
      >
        {left > 0 ? `${left} left` : `Download ${bytes(size)}`}
      </Button>
      {onNotes && <Button icon="edit" aria-label="Write notes" title="Write notes" onClick={onNotes} />}
      {onDelete && (
        <Button
          tone="danger"
          icon="trash"
          aria-label="Delete"
          title="Move to the trash (Del)"
          onClick={() => remove(images)}
        />
      )}
    </ChosenBar>
  );
}

function focusedOf(all: Shot[]): ImageFile[] {
  const path = (document.activeElement as HTMLElement | null)?.dataset.path;
  return all.map((shot) => shot.image).filter((image) => image.path === path);
}

function save(href: string, filename: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = filename;
  link.click();
}
