import { percent } from "@/lib/format";
import type { Job } from "@/lib/protocol";
import { Button } from "../ui/Button";
import styles from "./JobBar.module.css";

/** How far a computation is, with the way to end it. */
export function JobBar({
  job,
  onCancel,
  label = "Making the surface",
}: {
  job: Job;
  onCancel: () => void;
  label?: string;
}) {
  const share = job.progress ?? 0;
  return (
    <div className={styles.job} data-testid="making">
      <div className={styles.words}>
        <span>{capital(job.activity ?? label)}</span>
        <span>{percent(Math.round(share * 100) / 100)}</span>
      </div>
      <div
        className={styles.bar}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span style={{ width: `${Math.max(1, share * 100)}%` }} />
      </div>
      <Button icon="stop" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  );
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
