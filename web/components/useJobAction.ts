import { useState } from "react";
import type { Job } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { useStore } from "./RigProvider";

export type JobAction = "CANCEL_JOB" | "PAUSE_JOB" | "RESUME_JOB" | "RETRY_STEPS" | "SKIP_STEPS";
export type FocusChoice = "here" | "again";

interface More {
  steps?: number[];
  focus?: FocusChoice;
}

/** Ask for something to be done with a job; what stands against it is told, and an unknown place of the lens asked about. */
export function useJobAction(job: Job) {
  const store = useStore();
  const [busy, setBusy] = useState<JobAction | null>(null);
  const [lost, setLost] = useState(false);
  /** Whether it was done. */
  const ask = async (action: JobAction, more: More = {}): Promise<boolean> => {
    setBusy(action);
    try {
      await store.service.request(action, { job_id: job.job_id, ...more });
      setLost(false);
      return true;
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "focus_unknown") setLost(true);
      else store.complain(error);
      return false;
    } finally {
      setBusy(null);
    }
  };
  const waits = job.state === "paused" || job.state === "interrupted" || job.state === "failed";
  return { busy, ask, focusUnknown: waits && (lost || job.error_code === "focus_unknown") };
}
