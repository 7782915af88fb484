"use client";

import { useState } from "react";
import { plural } from "@/lib/format";
import type { Job } from "@/lib/protocol";
import { useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";

interface Props {
  jobId: string;
  onClose: () => void;
}

/** Asks before a job is ended, and says what stays; where the job ends meanwhile it says that, and stays until it is read. */
export function CancelJobDialog({ jobId, onClose }: Props) {
  const store = useStore();
  const job = useRig((rig) => rig.jobs.find((one) => one.job_id === jobId));
  const [busy, setBusy] = useState(false);
  if (!job) return null;
  const { what, pictures } = wordsOf(job);
  const done = job.steps.filter((step) => step.index > 0 && step.state === "done").length;
  if (job.state !== "running" && job.state !== "paused" && !busy) {
    return (
      <Dialog
        title={`The ${what} ${ENDED[job.state] ?? "has ended"} meanwhile`}
        onClose={onClose}
        actions={
          <Button tone="main" onClick={onClose}>
            Close
          </Button>
        }
      >
        <p>
          {done === job.total
            ? `All ${pictures(done)} are on the disk.`
            : `${pictures(done)} of ${job.total} ${done === 1 ? "is" : "are"} on the disk.`}{" "}
          There is nothing left to stop.
        </p>
      </Dialog>
    );
  }
  const kept =
    job.kind === "series"
      ? `The ${pictures(done)} taken so far ${done === 1 ? "stays" : "stay"} among the single shots.`
      : `The ${pictures(done)} captured so far ${done === 1 ? "stays" : "stay"} in the set “${job.set_name}”, which is marked as partial.`;
  const cancel = async () => {
    setBusy(true);
    try {
      await store.service.request("CANCEL_JOB", { job_id: jobId });
    } catch (error) {
      store.complain(error);
    }
    onClose();
  };
  return (
    <Dialog
      title={`Stop this ${what}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Go on capturing</Button>
          <Button tone="danger" icon="stop" onClick={cancel} disabled={busy}>
            {busy ? "Stopping…" : `Stop the ${what}`}
          </Button>
        </>
      }
    >
      <p>{done === 0 ? `No ${job.kind === "series" ? "picture" : "frame"} has been captured yet.` : kept}</p>
      <p>
        {job.kind === "series"
          ? "The exposure under way is finished first; a bracketed setting gets its old value again."
          : "The exposure under way is finished first, then every light goes off."}
      </p>
    </Dialog>
  );
}

const ENDED: Partial<Record<Job["state"], string>> = {
  completed: "was completed",
  failed: "ended early",
  cancelled: "was stopped",
  interrupted: "was interrupted",
};

function wordsOf(job: Job) {
  const series = job.kind === "series";
  return {
    what: series ? "series" : "sequence",
    pictures: (count: number) => plural(count, series ? "picture" : "frame"),
  };
}
