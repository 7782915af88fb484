"use client";

import { useEffect, useRef, useState } from "react";
import { usePreference } from "@/lib/preferences";
import type { CapturePhotometricSet, CaptureRecipe, Job } from "@/lib/protocol";
import { NO_FACTS, type SetFacts } from "@/lib/sequence";
import { currentSet, type RigState } from "@/services/RigStore";
import { useRig, useStore } from "./RigProvider";
import { InterruptedJob } from "./sequence/InterruptedJob";
import { SequencePlan } from "./sequence/SequencePlan";
import { SequenceRun } from "./sequence/SequenceRun";

const newestInterrupted = (rig: RigState): Job | null =>
  rig.jobs.find((job) => job.kind === "photometric_set" && job.state === "interrupted") ?? null;

/**
 * A photometric set from its plan to its last frame. The job lives on the server: this screen shows the one under way
 * whoever started it, and the one that has just ended until the next is planned.
 */
export function PhotometricStereoControl() {
  const store = useStore();
  const under = useRig(currentSet);
  const interrupted = useRig(newestInterrupted);
  const [watched, setWatched] = useState<string | null>(null);
  const ended = useRig((rig) => rig.jobs.find((job) => job.job_id === watched) ?? null);
  const [put, setPut] = useState<string | null>(null);
  const [facts, setFacts] = usePreference<SetFacts>("setFacts", NO_FACTS);
  const starting = useRef(false);
  if (under && under.job_id !== watched) setWatched(under.job_id);
  // Number and notes belong to the object just begun; the scale is the camera's and holds for the next one too.
  useEffect(() => {
    if (!under || !starting.current) return;
    starting.current = false;
    setFacts({ ...NO_FACTS, scale: facts.scale });
  }, [under, facts, setFacts]);
  const begin = (asked: Promise<unknown>) => {
    starting.current = true;
    asked.catch((error) => {
      starting.current = false;
      store.complain(error);
    });
  };
  const start = (payload: CapturePhotometricSet) => begin(store.service.request("CAPTURE_PHOTOMETRIC_SET", payload));
  const startRecipe = (payload: CaptureRecipe) => begin(store.service.request("CAPTURE_RECIPE", payload));
  const job = under ?? ended;
  if (job) return <SequenceRun job={job} onNew={() => setWatched(null)} />;
  return (
    <SequencePlan onStart={start} onRecipe={startRecipe}>
      {interrupted && interrupted.job_id !== put && (
        <InterruptedJob job={interrupted} onPutAside={() => setPut(interrupted.job_id)} />
      )}
    </SequencePlan>
  );
}
