import type { ReactNode } from "react";
import { thumbnailUrl } from "@/lib/base";
import type { ImageFile } from "@/lib/protocol";
import { Icon } from "../ui/Icon";
import { RatingMark } from "./Filmstrip";
import styles from "./ShutterBar.module.css";
import type { SelfTimer } from "./useSelfTimer";

const TIMES = [0, 2, 5, 10];

interface Props {
  capturing: boolean;
  reason: string | null;
  onPress: () => void;
  timer: SelfTimer;
  onSeries: () => void;
  last: ImageFile | null;
  onReview: () => void;
  /** What stands above: a series under way. */
  progress: ReactNode;
  /** What stands below: the name of the next shot. */
  children: ReactNode;
}

/** The shutter, large, between the other ways to release it and the last shot. */
export function ShutterBar({ capturing, reason, onPress, timer, onSeries, last, onReview, progress, children }: Props) {
  const next = TIMES[(TIMES.indexOf(timer.seconds) + 1) % TIMES.length]!;
  const words = capturing ? "Capturing" : timer.left !== null ? "Stop the countdown" : "Take a picture";
  return (
    <div className={styles.bar}>
      {progress}
      <div className={styles.ways}>
        <button
          type="button"
          className={styles.way}
          onClick={() => timer.setSeconds(next)}
          aria-label={`Self-timer: ${timer.seconds === 0 ? "off" : `${timer.seconds} seconds`}`}
          data-on={timer.seconds > 0 || undefined}
        >
          <Icon name="timer" size={22} />
          <span>{timer.seconds === 0 ? "Off" : `${timer.seconds} s`}</span>
        </button>
        <button
          type="button"
          className={styles.way}
          onClick={onSeries}
          aria-haspopup="dialog"
          aria-label="Series"
          title="Burst, interval, bracket"
        >
          <Icon name="series" size={22} />
          <span>Series</span>
        </button>
      </div>
      <button
        type="button"
        className={styles.shutter}
        aria-label={words}
        aria-disabled={reason !== null || capturing || undefined}
        title={reason ?? `${words} (Space)`}
        data-capturing={capturing || undefined}
        onClick={onPress}
      >
        <span />
      </button>
      <button
        type="button"
        className={styles.last}
        onClick={onReview}
        disabled={last === null}
        aria-label={last ? `Last shot: ${last.filename}` : "No shot yet"}
      >
        {last && <img src={thumbnailUrl(last, 160)} alt="" />}
        {last && <RatingMark rating={last.rating} />}
      </button>
      {reason !== null && !progress && <p className={styles.reason}>{reason}</p>}
      {reason === null && children}
    </div>
  );
}
