"use client";

import { useState } from "react";
import { serverUrl } from "@/lib/base";
import { bytes, plural } from "@/lib/format";
import type { ImageFile } from "@/lib/protocol";
import type { Shot } from "@/lib/sets";
import { Button } from "../ui/Button";
import { useKeys } from "../useKeys";
import styles from "./ChosenShots.module.css";
import { Rating } from "./Rating";

/** Browsers drop a download that begins in the same moment as another one. */
const BETWEEN_DOWNLOADS_MS = 600;

interface Props {
  shots: Shot[];
  ratings?: Record<string, number>;
  /** Changes the ratings of all of them; missing where none can be kept. */
  onRate?: (images: ImageFile[], rating: number) => void;
  onNone: () => void;
}

/** What can be done with the chosen images. */
export function ChosenShots({ shots, ratings = {}, onRate, onNone }: Props) {
  const [left, setLeft] = useState(0);
  const images = shots.map((shot) => shot.image);
  const files = shots.flatMap((shot) => [shot.image, ...shot.others]);
  const rate = (rating: number) => images.length > 0 && onRate?.(images, rating);
  useKeys({
    x: () => rate(-1),
    ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), () => rate(rating)])),
  });
  if (shots.length === 0) return null;
  const known = new Set(images.map((image) => ratings[image.filename] ?? 0));
  const download = async () => {
    for (const [number, file] of files.entries()) {
      setLeft(files.length - number);
      save(file);
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_DOWNLOADS_MS));
    }
    setLeft(0);
  };
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <div className={styles.chosen} role="region" aria-label="Chosen images">
      <span>{plural(shots.length, "image")} chosen</span>
      {onRate && <Rating rating={known.size === 1 ? [...known][0] : undefined} onRate={rate} />}
      <Button tone="quiet" onClick={onNone}>
        None
      </Button>
      <Button
        icon="download"
        disabled={left > 0}
        onClick={download}
        title={`${plural(files.length, "file")}, one by one`}
      >
        {left > 0 ? `${left} left` : `Download ${bytes(size)}`}
      </Button>
    </div>
  );
}

function save(file: ImageFile): void {
  const link = document.createElement("a");
  link.href = `${serverUrl(file.url)}?download=1`;
  link.download = file.filename;
  link.click();
}
