import type { ImageFile } from "@/lib/protocol";
import { Button } from "../ui/Button";
import styles from "./GhostControl.module.css";

/** An earlier shot that lies half transparent over the live view, for putting an object back. */
export interface Ghost {
  path: string;
  opacity: number;
}

interface Props {
  ghost: Ghost;
  /** The shot that is the ghost. */
  shown: ImageFile;
  /** The newest first. */
  pictures: ImageFile[];
  onGhost: (ghost: Ghost) => void;
}

/** Which shot is the ghost, and how much of it is seen. */
export function GhostControl({ ghost, shown, pictures, onGhost }: Props) {
  const at = pictures.indexOf(shown);
  const go = (to: number) => onGhost({ ...ghost, path: pictures[to]!.path });
  return (
    <div className={styles.ghost} role="group" aria-label="Ghost">
      <Button
        tone="quiet"
        icon="left"
        aria-label="Earlier shot"
        disabled={at >= pictures.length - 1}
        onClick={() => go(at + 1)}
      />
      <span className={styles.name} title={shown.filename} role="status">
        {at === 0 ? "Last shot" : `Shot ${at + 1} of ${pictures.length}`}
      </span>
      <Button tone="quiet" icon="right" aria-label="Later shot" disabled={at <= 0} onClick={() => go(at - 1)} />
      <input
        type="range"
        aria-label="How much of the ghost is seen"
        min="0.1"
        max="0.9"
        step="0.05"
        value={ghost.opacity}
        onChange={(event) => onGhost({ ...ghost, opacity: Number(event.target.value) })}
      />
    </div>
  );
}
