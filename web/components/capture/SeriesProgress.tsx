"use client";

import { useState } from "react";
import { duration } from "@/lib/format";
import type { Job } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import styles from "./SeriesProgress.module.css";

/** How far a series is, and the way to end it; what was taken stays. */
export function SeriesProgress({ job, connected }: { job: Job; connected: boolean }) {
  const store = useStore();
  const [busy, setBusy] = useState(false);
  const ask = async (action: "CANCEL_JOB" | "RESUME_JOB") => {
    setBusy(true);
    try {
      await store.service.request(action, { job_id: job.job_id });
    } catch (error) {
      store.complain(error);
    } finally {
      setBusy(false);
    }
  };
  const reason = connected ? null : "There is no connection to the server.";
  const value = job.steps.find((step) => step.state === "running")?.value;
  const done = job.steps.filter((step) => step.state === "done").length;
  return (
    <div className={styles.series} role="group" aria-label="Series" data-testid="series-progress">
      <p className={styles.count}>
        <strong>{job.index}</strong> of {job.total}
        <span className={styles.more}>
          {job.state === "paused"
            ? "paused"
            : [value, job.seconds_left === null ? null : `${duration(job.seconds_left)} left`]
                .filter(Boolean)
                .join(" · ")}
        </span>
      </p>
      {job.state === "paused" && (
        <Button icon="play" reason={reason} disabled={busy} onClick={() => ask("RESUME_JOB")}>
          Go on
        </Button>
      )}
      <Button
        icon="stop"
        reason={reason}
        disabled={busy}
        title="Ends the series; the pictures taken so far stay"
        onClick={() => ask("CANCEL_JOB")}
      >
        {busy ? "Stopping…" : "Stop"}
      </Button>
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
