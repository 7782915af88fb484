"use client";

import { useEffect, useRef, useState } from "react";
import { type Histogram, histogramOf } from "@/lib/analysis";
import { thumbnailUrl } from "@/lib/base";
import { bytes, percent } from "@/lib/format";
import { drawHistogram } from "@/lib/histogramPlot";
import type { ImageFile } from "@/lib/protocol";
import { Rating } from "../gallery/Rating";
import { Button } from "../ui/Button";
import styles from "./LastShot.module.css";

interface Props {
  image: ImageFile;
  onOpen: () => void;
  onRate: (rating: number) => void;
  onDelete: () => void;
  /** Why it can be neither rated nor deleted now. */
  reason: string | null;
}

/** The last shot with its histogram and how much of it is clipped; rated or thrown away on the spot. */
export function LastShot({ image, onOpen, onRate, onDelete, reason }: Props) {
  const histogram = useHistogram(thumbnailUrl(image, 320));
  return (
    <section className={styles.shot} aria-label="Last shot">
      <div className={styles.judge}>
        <Rating rating={image.rating ?? undefined} onRate={onRate} />
      </div>
      <button type="button" className={styles.picture} onClick={onOpen} aria-label={`Look at ${image.filename}`}>
        <img src={thumbnailUrl(image, 640)} alt="" />
      </button>
      <div className={styles.values}>{histogram && <HistogramOfShot histogram={histogram} />}</div>
      <div className={styles.foot}>
        <span>{image.filename}</span>
        <span className={styles.size}>{bytes(image.size)}</span>
        <Button
          tone="quiet"
          icon="trash"
          aria-label="Move the last shot to the trash"
          reason={reason}
          title="Move to the trash (Del)"
          onClick={onDelete}
        />
      </div>
    </section>
  );
}

/** A histogram with the clipped shares below it. */
export function HistogramOfShot({ histogram }: { histogram: Histogram }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) drawHistogram(canvas.current, histogram);
  }, [histogram]);
  const { bright, dark } = histogram;
  return (
    <div className={styles.histogram}>
      <canvas ref={canvas} width={512} height={120} role="img" aria-label="Histogram" />
      <p>
        <span data-high={bright > 0.005 || undefined}>Burnt out {percent(bright)}</span>
        <span>Black {percent(dark)}</span>
      </p>
    </div>
  );
}

/** The histogram of a picture at an address of this server; none while there is no address. */
export function useHistogram(url: string | null): Histogram | null {
  const [histogram, setHistogram] = useState<Histogram | null>(null);
  useEffect(() => {
    let current = true;
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context || !current || canvas.width === 0) return;
      context.drawImage(image, 0, 0);
      setHistogram(histogramOf(context.getImageData(0, 0, canvas.width, canvas.height).data));
    };
    if (url === null) setHistogram(null);
    else image.src = url;
    return () => {
      current = false;
    };
  }, [url]);
  return histogram;
}
