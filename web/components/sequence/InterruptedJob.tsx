"use client";

import type { Job } from "@/lib/protocol";
import { Button } from "../ui/Button";
import { useJobAction } from "../useJobAction";
import { FocusQuestion } from "./FocusQuestion";
import styles from "./SequencePlan.module.css";

/** A set that a stopped server left half done. */
export function InterruptedJob({ job, onPutAside }: { job: Job; onPutAside: () => void }) {
  const { busy, ask, focusUnknown } = useJobAction(job);
  const done = job.steps.filter((step) => step.index > 0 && step.state === "done").length;
  return (
    <section className={styles.interrupted} aria-label="Interrupted set">
      <p>
        <strong>“{job.set_name}” was interrupted</strong> after {done} of {job.total} frames. It can go on where it
        stopped, if object and camera have not moved.
        {focusUnknown && " Where its lens stands is not known any more."}
      </p>
      <div>
        <Button tone="quiet" onClick={onPutAside}>
          Not now
        </Button>
        {focusUnknown ? (
          <FocusQuestion reason={null} disabled={busy !== null} onChoose={(focus) => ask("RESUME_JOB", { focus })} />
        ) : (
          <Button icon="play" disabled={busy !== null} onClick={() => ask("RESUME_JOB")}>
            Go on
          </Button>
        )}
      </div>
    </section>
  );
}
