import { thumbnailUrl } from "@/lib/base";
import type { ImageFile } from "@/lib/protocol";
import { Icon } from "../ui/Icon";
import styles from "./Filmstrip.module.css";

interface Props {
  captures: ImageFile[];
  onOpen: (image: ImageFile) => void;
}

/** The last shots with their ratings, the newest first. */
export function Filmstrip({ captures, onOpen }: Props) {
  return (
    <div className={styles.strip} role="group" aria-label="Last shots" data-testid="filmstrip">
      {captures.length === 0 && <p className={styles.none}>Shots appear here. Press the shutter, or Space.</p>}
      {captures.map((image) => (
        <button
          key={image.path}
          type="button"
          className={styles.shot}
          data-shot={image.path}
          data-rejected={image.rating === -1 || undefined}
          onClick={() => onOpen(image)}
          aria-label={[image.filename, ratingWords(image.rating)].filter(Boolean).join(", ")}
        >
          <img src={thumbnailUrl(image, 160)} alt="" loading="lazy" />
          <RatingMark rating={image.rating} />
        </button>
      ))}
    </div>
  );
}

/** A rating in the corner of a small picture. */
export function RatingMark({ rating }: { rating: number | null }) {
  if (!rating) return null;
  return (
    <span className={styles.mark} data-bad={rating === -1 || undefined} aria-hidden="true">
      <Icon name={rating === -1 ? "close" : "star"} size={12} />
      {rating > 0 && rating}
    </span>
  );
}

export function ratingWords(rating: number | null): string {
  if (!rating) return "";
  return rating === -1 ? "rejected" : `${rating} of 5`;
}
