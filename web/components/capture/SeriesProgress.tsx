"use client";

import { shown } from "@/lib/config";
import { duration } from "@/lib/format";
import type { Job } from "@/lib/protocol";
import { useRig } from "../RigProvider";
import { FocusQuestion } from "../sequence/FocusQuestion";
import { Button } from "../ui/Button";
import { useCountdown } from "../useCountdown";
import { type JobAction, useJobAction } from "../useJobAction";
import styles from "./SeriesProgress.module.css";

interface Props {
  job: Job;
  /** Why nothing can be asked for now. */
  reason: string | null;
  /** A failed series is not to be seen any more. */
  onPutAside: () => void;
}

/** How far a series is, and the ways to hold or end it; what was taken stays. */
export function SeriesProgress({ job, reason, onPutAside }: Props) {
  const { busy, ask: askFor, focusUnknown } = useJobAction(job);
  const ask = (action: JobAction) => () => askFor(action);
  const value = job.steps.find((step) => step.state === "running")?.value;
  const left = job.seconds_left === null ? null : `${duration(job.seconds_left)} left`;
  const done = job.steps.filter((step) => step.state === "done").length;
  const failed = job.state === "failed";
  const stuck = job.steps.some((step) => step.state === "failed");
  const wait = useCountdown(useRig((rig) => rig.nextRoundAt));
  const next = wait > 0 ? `next in ${duration(wait)}` : null;
  const words =
    job.state === "running" ? [value ? shownValue(value) : next, left].filter(Boolean).join(" · ") : job.state;
  const rest = { reason, disabled: busy !== null };
  return (
    <div
      className={styles.series}
      role="group"
      aria-label="Series"
      data-state={job.state}
      data-testid="series-progress"
    >
      <p className={styles.count}>
        <strong>{failed ? done : job.index}</strong> of {job.total}
        <span className={styles.more}>{words}</span>
      </p>
      {job.state === "running" && (
        <Button icon="pause" {...rest} aria-label="Pause the series" title="Pause" onClick={ask("PAUSE_JOB")} />
      )}
      {focusUnknown && (
        <FocusQuestion
          reason={reason}
          disabled={busy !== null}
          onChoose={(focus) => askFor(stuck ? "RETRY_STEPS" : "RESUME_JOB", { focus })}
        />
      )}
      {job.state === "paused" && !focusUnknown && (
        <Button icon="play" {...rest} onClick={ask("RESUME_JOB")}>
          Go on
        </Button>
      )}
      {failed ? (
        <>
          {!focusUnknown && (
            <Button icon="retry" {...rest} onClick={ask(stuck ? "RETRY_STEPS" : "RESUME_JOB")}>
              Go on
            </Button>
          )}
          <Button icon="close" tone="quiet" aria-label="Put the series aside" onClick={onPutAside} />
        </>
      ) : (
        <Button
          icon="stop"
          {...rest}
          title="Ends the series; the pictures taken so far stay"
          aria-label="Stop the series"
          onClick={ask("CANCEL_JOB")}
        >
          {busy === "CANCEL_JOB" ? "Stopping…" : "Stop"}
        </Button>
      )}
      <div className={styles.track} aria-hidden="true">
        <span style={{ width: `${(done / Math.max(1, job.total)) * 100}%` }} />
      </div>
      {job.error && (
        <p className={styles.error} role="alert">
          {[job.error, job.hint].filter(Boolean).join(" ")}
        </p>
      )}
    </div>
  );
}

/** A bracket's value as it stands on a dial, as far as it tells by itself which setting it is of. */
function shownValue(value: string): string {
  return value.includes("/") ? shown("shutterspeed", value) : value;
}
