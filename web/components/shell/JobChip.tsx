"use client";

import Link from "next/link";
import { useState } from "react";
import { duration } from "@/lib/format";
import { currentJob } from "@/services/RigStore";
import { useRig } from "../RigProvider";
import { CancelJobDialog } from "../sequence/CancelJobDialog";
import { Icon } from "../ui/Icon";
import styles from "./JobChip.module.css";

/** The job under way, wherever one is in the application, and the way to stop it. */
export function JobChip() {
  const job = useRig(currentJob);
  /** The job that somebody asked to stop: the question stays also when it ends by itself. */
  const [asked, setAsked] = useState<string | null>(null);
  const question = asked !== null && <CancelJobDialog jobId={asked} onClose={() => setAsked(null)} />;
  if (!job) return question;
  const share =
    job.total > 0 ? job.steps.filter((step) => step.index > 0 && step.state === "done").length / job.total : 0;
  const series = job.kind === "series";
  const doing = job.state === "paused" ? "Paused at" : series ? "Series:" : "Capturing";
  return (
    <div className={styles.job} data-state={job.state}>
      <Link href={series ? "/" : "/sequence/"} className={styles.link} prefetch={false}>
        <span className={styles.bar} aria-hidden="true">
          <span style={{ width: `${share * 100}%` }} />
        </span>
        <span>
          {doing} {job.index} of {job.total}
          {job.state === "running" && job.seconds_left !== null && ` · ${duration(job.seconds_left)} left`}
        </span>
      </Link>
      <button
        type="button"
        className={styles.stop}
        onClick={() => setAsked(job.job_id)}
        aria-label={series ? "Stop the series" : "Stop the sequence"}
      >
        <Icon name="stop" size={16} />
        <span>Stop</span>
      </button>
      {question}
    </div>
  );
}
