import type { ReactNode } from "react";
import { Button } from "./Button";
import styles from "./ChosenBar.module.css";

interface Props {
  label: string;
  /** How many are chosen, in words. */
  count: string;
  onNone: () => void;
  children: ReactNode;
}

/** What can be done with what is chosen, at the bottom of a list for as long as something is. */
export function ChosenBar({ label, count, onNone, children }: Props) {
  return (
    <div className={styles.chosen} role="region" aria-label={label}>
      <span className={styles.count}>{count} chosen</span>
      <Button tone="quiet" onClick={onNone}>
        None
      </Button>
      {children}
    </div>
  );
}
