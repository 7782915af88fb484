import { serverUrl } from "@/lib/base";
import type { Zoom } from "@/lib/fit";
import type { ImageFile } from "@/lib/protocol";
import { nextScale, type Scale, scaleWords } from "@/lib/zoom";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./ImageViewer.module.css";
import { Rating } from "./Rating";

const ZOOMS: Zoom[] = ["fit", 1, 2];

interface Props {
  image: ImageFile;
  title: string;
  detail: string;
  rating: number | undefined;
  onRate?: (rating: number) => void;
  scale: Scale;
  onScale: (scale: Scale) => void;
  clipping: boolean;
  onClipping: (clipping: boolean) => void;
  comparing: boolean;
  onCompare: () => void;
  facts: boolean;
  onFacts: (facts: boolean) => void;
  /** Lets the frame be taken again; `reason` says why that cannot be now. */
  again?: { onPress: () => void; reason: string | null };
  onDelete?: () => void;
  onClose: () => void;
}

/** The name of the image that is seen, and everything that can be done with it. */
export function ViewerHead(props: Props) {
  const { image, title, detail, rating, onRate, scale, onScale, clipping, comparing, facts, onDelete } = props;
  return (
    <header className={styles.head}>
      <p className={styles.name}>
        <strong data-file={title === image.filename || undefined}>{title}</strong>
        <span>{detail}</span>
      </p>
      {onRate && (
        <div className={styles.rating}>
          <Rating rating={rating} onRate={onRate} />
        </div>
      )}
      <div className={styles.zooms} role="group" aria-label="Zoom">
        {ZOOMS.map((zoom) => (
          <button key={zoom} type="button" aria-pressed={scale === zoom} onClick={() => onScale(zoom)}>
            {scaleWords(zoom)}
          </button>
        ))}
      </div>
      <Button
        tone="quiet"
        icon="loupe"
        className={styles.zoom}
        onClick={() => onScale(nextScale(scale))}
        aria-label={`Zoom: ${scaleWords(scale)}`}
        title="Zoom (Z)"
      />
      <Button
        tone="quiet"
        icon="clipping"
        aria-pressed={clipping}
        aria-label="Clipping"
        title="Clipping (C)"
        onClick={() => props.onClipping(!clipping)}
      />
      <Button
        tone="quiet"
        icon="compare"
        aria-pressed={comparing}
        aria-label="Compare"
        title={comparing ? "Stop comparing" : "Hold this image and compare it with others"}
        onClick={props.onCompare}
      />
      <Button
        tone="quiet"
        icon="info"
        aria-pressed={facts}
        aria-label="Facts"
        title="Histogram and facts (I)"
        onClick={() => props.onFacts(!facts)}
      />
      {props.again && (
        <Button
          tone="quiet"
          icon="retry"
          aria-label="Take again"
          reason={props.again.reason}
          title="Take this frame again (R)"
          onClick={props.again.onPress}
        />
      )}
      <a
        className={styles.download}
        href={`${serverUrl(image.url)}?download=1`}
        download={image.filename}
        aria-label={`Download ${image.filename}`}
      >
        <Icon name="download" />
      </a>
      {onDelete && <Button tone="quiet" icon="trash" aria-label="Delete" title="Delete (Del)" onClick={onDelete} />}
      <Button tone="quiet" icon="close" aria-label="Close" onClick={props.onClose} />
    </header>
  );
}
