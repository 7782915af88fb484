"use client";

import { useEffect, useRef, useState } from "react";
import { thumbnailUrl } from "@/lib/base";
import type { Point } from "@/lib/fit";
import { bytes } from "@/lib/format";
import type { ImageFile } from "@/lib/protocol";
import { type View, WHOLE } from "@/lib/zoom";
import { ViewerPane } from "../gallery/ViewerPane";
import { Button } from "../ui/Button";
import { HistogramOfShot, useHistogram } from "./LastShot";
import styles from "./ShotReview.module.css";

interface Props {
  image: ImageFile;
  /** The shot before, to compare with. */
  before: ImageFile | null;
  comparing: boolean;
  onCompare: () => void;
  closely: boolean;
  onClosely: () => void;
  /** Where was focused last. */
  focus: Point | null;
  onClose: () => void;
}

const MIDDLE: Point = { x: 0.5, y: 0.5 };

/** The shot just taken, over the whole stage, with its histogram and a piece of it at 100 % where was focused. */
export function ShotReview({ image, before, comparing, onCompare, closely, onClosely, focus, onClose }: Props) {
  const centre = focus ?? MIDDLE;
  const [view, setView] = useState<View>(WHOLE);
  const at = useRef(centre);
  at.current = centre;
  useEffect(() => setView(closely ? { scale: 1, centre: at.current } : WHOLE), [closely]);
  const histogram = useHistogram(thumbnailUrl(image, 320));
  const shared = { view, onView: setView, clipping: false };
  const other = comparing ? before : null;
  return (
    <section className={styles.review} aria-label="Review of the shot" data-testid="review">
      <div className={styles.panes}>
        {other && (
          <ViewerPane key={other.path} image={other} {...shared}>
            <span className={styles.tag}>Before</span>
          </ViewerPane>
        )}
        <ViewerPane key={image.path} image={image} {...shared}>
          {other && <span className={styles.tag}>Now</span>}
        </ViewerPane>
      </div>
      <div className={styles.bar}>
        <p>
          <strong>{image.filename}</strong> <span>{bytes(image.size)}</span>
        </p>
        <Button
          tone="quiet"
          icon="loupe"
          aria-pressed={closely}
          title="100 % at the focus point (Z)"
          onClick={onClosely}
        >
          100 %
        </Button>
        <Button
          tone="quiet"
          icon="compare"
          aria-pressed={comparing}
          disabled={before === null}
          title="Compare with the shot before (B)"
          onClick={onCompare}
        >
          Before
        </Button>
        <Button tone="quiet" icon="close" title="Live view (Tab or Esc)" onClick={onClose}>
          Live
        </Button>
      </div>
      {view.scale === "fit" && !other && (
        <div className={styles.detail}>
          <ViewerPane
            key={image.path}
            image={image}
            view={{ scale: 1, centre }}
            onView={() => undefined}
            clipping={false}
          />
          <span className={styles.tag}>100 %</span>
        </div>
      )}
      {histogram && <div className={styles.values}>{<HistogramOfShot histogram={histogram} />}</div>}
    </section>
  );
}
