"use client";

import { useState } from "react";
import { plural } from "@/lib/format";
import type { Job } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";

/** Asks before a job is ended, and says what stays. */
export function CancelJobDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const store = useStore();
  const [busy, setBusy] = useState(false);
  const done = job.steps.filter((step) => step.index > 0 && step.state === "done").length;
  const series = job.kind === "series";
  const what = series ? "series" : "sequence";
  const kept = series
    ? `The ${plural(done, "picture")} taken so far ${done === 1 ? "stays" : "stay"} among the single shots.`
    : `The ${plural(done, "frame")} captured so far ${done === 1 ? "stays" : "stay"} in the set “${job.set_name}”, which is marked as partial.`;
  const cancel = async () => {
    setBusy(true);
    try {
      await store.service.request("CANCEL_JOB", { job_id: job.job_id });
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
      <p>{done === 0 ? `No ${series ? "picture" : "frame"} has been captured yet.` : kept}</p>
      <p>
        {series
          ? "The exposure under way is finished first; a bracketed setting gets its old value again."
          : "The exposure under way is finished first, then every light goes off."}
      </p>
    </Dialog>
  );
}
