"use client";

import type { Job } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import styles from "./SequencePlan.module.css";

/** A set that a stopped server left half done. */
export function InterruptedJob({ job, onPutAside }: { job: Job; onPutAside: () => void }) {
  const store = useStore();
  const done = job.steps.filter((step) => step.index > 0 && step.state === "done").length;
  const resume = () => {
    store.service.request("RESUME_JOB", { job_id: job.job_id }).catch((error) => store.complain(error));
  };
  return (
    <section className={styles.interrupted} aria-label="Interrupted set">
      <p>
        <strong>“{job.set_name}” was interrupted</strong> after {done} of {job.total} frames. It can go on where it
        stopped, if object and camera have not moved.
      </p>
      <div>
        <Button tone="quiet" onClick={onPutAside}>
          Not now
        </Button>
        <Button icon="play" onClick={resume}>
          Go on
        </Button>
      </div>
    </section>
  );
}
