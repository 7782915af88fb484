"use client";

import { useState } from "react";
import type { SetDetails } from "@/lib/protocol";
import { planesOf } from "@/lib/results";
import { RequestFailed } from "@/services/WebSocketService";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { JobBar } from "./JobBar";
import styles from "./Panels.module.css";

/** What the images themselves say between the lamps: how well, whether it is still theirs, and the way to make it. */
export function Measured({ details }: { details: SetDetails }) {
  const store = useStore();
  const offline = useOffline();
  const { name, status } = details.set;
  const [problem, setProblem] = useState<string | null>(null);
  const job = useRig(
    ({ jobs }) =>
      jobs.find(({ kind, set_name, state }) => kind === "computation" && set_name === name && state === "running") ??
      null,
  );
  const record = planesOf(details.manifest);
  const stale = details.stale.find(({ folder }) => folder === record?.folder);
  const reason =
    offline ??
    (status === "running" ? "The set is being captured." : null) ??
    (job ? "Something is being made." : null);
  const make = () => {
    setProblem(null);
    store.service.request("RELIGHT_SET", { set_name: name }).catch((error) => {
      if (error instanceof RequestFailed && ["cancelled", "disconnected"].includes(error.code)) return;
      const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
      setProblem(`${error instanceof Error ? error.message : error}${hint}`);
    });
  };
  const cancel = () => {
    if (job) store.service.request("CANCEL_JOB", { job_id: job.job_id }).catch((error) => store.complain(error));
  };
  return (
    <section className={styles.panel} aria-labelledby="measured-panel">
      <div className={styles.head}>
        <h2 id="measured-panel">As measured</h2>
      </div>
      <p className={styles.say}>
        {record
          ? wordsOf(record.method, record.figures)
          : "The images themselves under your light, with what lies between the lamps computed. It shows gloss and shadows that a surface has not, and was not made of this set yet."}
      </p>
      {stale && <p className={styles.say}>{stale.message}</p>}
      {problem && (
        <p className={styles.say} role="alert">
          {problem}
        </p>
      )}
      {job ? (
        <JobBar job={job} onCancel={cancel} label="Making what can be lit anew" />
      ) : (
        (record === null || stale) && (
          <Button tone={record ? "plain" : "main"} icon="results" reason={reason} onClick={make}>
            {record ? "Make it again" : "Make it"}
          </Button>
        )
      )}
    </section>
  );
}

const METHODS: Record<string, string> = {
  rbf: "Principal components (RBF)",
  ptm: "Polynomials (PTM)",
  lptm: "Polynomials of the luminance (LPTM)",
  hsh: "Harmonics (HSH)",
};

function wordsOf(method: string | null | undefined, figures: Record<string, number>): string {
  const { psnr, planes } = figures;
  const worth = psnr === undefined ? "" : ` A lamp that was left out is predicted to ${psnr.toFixed(1)} dB.`;
  return `${METHODS[method ?? ""] ?? method}${planes ? `, ${planes} planes` : ""}.${worth} Ambient light, gloss and relief do nothing here.`;
}
