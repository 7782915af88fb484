"use client";

import { useRig } from "../RigProvider";
import styles from "./ConnectionDot.module.css";

const WORDS = {
  idle: "Not connected",
  connecting: "Connecting",
  open: "Connected",
  waiting: "Connection lost",
  locked: "Token needed",
} as const;

/** Whether the server answers, and how fast. */
export function ConnectionDot() {
  const state = useRig((rig) => rig.status.state);
  const latency = useRig((rig) => rig.latency);
  const shown = state === "open" && latency !== null ? `${Math.max(1, Math.round(latency))} ms` : "";
  return (
    <span className={styles.connection} data-state={state} title={WORDS[state]}>
      <span className={styles.dot} />
      <span className="visually-hidden">{WORDS[state]}</span>
      {shown && <span className={styles.latency}>{shown}</span>}
    </span>
  );
}
