"use client";

import { useRef, useState } from "react";
import type { Job, SetDetails } from "@/lib/protocol";
import { resultOf } from "@/lib/results";
import { RequestFailed } from "@/services/WebSocketService";
import { useOffline, useRig, useStore } from "../RigProvider";

const NEEDED = 3;
/** Bytes of a set from which on it is worth seeing a small surface first. */
const LARGE = 5_000_000;

export interface Reconstruction {
  /** The job under way for this set, whoever started it. */
  job: Job | null;
  /** Why it failed, and what to do. */
  problem: string | null;
  /** Why it cannot be started now. */
  reason: string | null;
  start: (exclude?: string[]) => void;
  cancel: () => void;
}

/** The computation of a set's surface. */
export function useReconstruction(details: SetDetails): Reconstruction {
  const store = useStore();
  const offline = useOffline();
  const { name, status } = details.set;
  const [asked, setAsked] = useState(false);
  const cancelled = useRef(false);
  const [problem, setProblem] = useState<{ name: string; text: string } | null>(null);
  const job = useRig(
    ({ jobs }) =>
      jobs.find(({ kind, set_name, state }) => kind === "computation" && set_name === name && state === "running") ??
      null,
  );
  const lit = details.manifest?.steps.filter(({ light, state }) => light !== null && state === "done").length ?? NEEDED;
  const reason =
    offline ??
    (details.set.fault ? "The set's manifest cannot be read." : null) ??
    (status === "running" ? "The set is being captured." : null) ??
    (lit < NEEDED ? `It has pictures under ${lit} lights; at least ${NEEDED} are needed.` : null) ??
    (job || asked ? "It is being made." : null);
  const start = (exclude: string[] = []) => {
    cancelled.current = false;
    setAsked(true);
    setProblem(null);
    const wanted = { set_name: name, ...(exclude.length > 0 && { exclude }) };
    const first = resultOf(details.manifest) === null && details.set.size > LARGE;
    (first ? store.service.request("RECONSTRUCT_SET", { ...wanted, preview: true }) : Promise.resolve())
      .then(() => store.service.request("RECONSTRUCT_SET", wanted))
      .catch((error) => {
        if (cancelled.current || (error instanceof RequestFailed && error.code === "disconnected")) return;
        // With a small surface there, what asked is not on the screen any more.
        if (first) store.complain(error);
        const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
        setProblem({ name, text: `${error instanceof Error ? error.message : error}${hint}` });
      })
      .finally(() => setAsked(false));
  };
  const cancel = () => {
    cancelled.current = true;
    if (job) store.service.request("CANCEL_JOB", { job_id: job.job_id }).catch((error) => store.complain(error));
  };
  return { job, problem: problem?.name === name ? problem.text : null, reason, start, cancel };
}
