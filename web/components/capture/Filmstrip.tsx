import { thumbnailUrl } from "@/lib/base";
import type { ImageFile } from "@/lib/protocol";
import styles from "./Filmstrip.module.css";

/** The last shots, the newest first. */
export function Filmstrip({ captures, onOpen }: { captures: ImageFile[]; onOpen: (index: number) => void }) {
  return (
    <div className={styles.strip} role="group" aria-label="Last shots" data-testid="filmstrip">
      {captures.length === 0 && <p className={styles.none}>Shots appear here. Press the shutter, or Space.</p>}
      {captures.map((image, index) => (
        <button
          key={image.path}
          type="button"
          className={styles.shot}
          onClick={() => onOpen(index)}
          aria-label={image.filename}
        >
          <img src={thumbnailUrl(image.url, 160)} alt="" loading="lazy" />
        </button>
      ))}
    </div>
  );
}
