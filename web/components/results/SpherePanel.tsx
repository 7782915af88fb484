"use client";

import { useRef, useState } from "react";
import { plural } from "@/lib/format";
import type { CalibrateLights, LightCalibration, SetDetails } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Disclosure } from "../ui/Disclosure";
import { JobBar } from "./JobBar";
import styles from "./TrustPanel.module.css";

/** Below this a sphere may be something else that is round. */
const DOUBTFUL = 0.3;

interface Props {
  details: SetDetails;
  found: LightCalibration | null;
  onFound: (found: LightCalibration | null) => void;
}

/** Where mirror spheres in the pictures say that the lamps are: looked at first, and used when that is wished. */
export function SpherePanel({ details, found, onFound }: Props) {
  const store = useStore();
  const offline = useOffline();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const cancelled = useRef(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { name } = details.set;
  const job = useRig(({ jobs }) =>
    busy ? (jobs.find(({ set_name, state }) => set_name === name && state === "running") ?? null) : null,
  );
  const ask = async (apply: boolean) => {
    cancelled.current = false;
    setBusy(true);
    setProblem(null);
    // What was looked at is what is used. The server finds at least one sphere and at most as many as it takes.
    const spheres =
      apply && found ? (found.spheres.map(({ x, y, r }) => ({ x, y, r })) as CalibrateLights["spheres"]) : null;
    try {
      const told = await store.service.request("CALIBRATE_LIGHTS", {
        set_name: name,
        apply,
        ...(spheres && { spheres }),
      });
      onFound(told);
    } catch (error) {
      if (cancelled.current) return;
      const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
      setProblem(`${error instanceof Error ? error.message : error}${hint}`);
    } finally {
      setBusy(false);
    }
  };
  const cancel = () => {
    cancelled.current = true;
    if (job) store.service.request("CANCEL_JOB", { job_id: job.job_id }).catch((error) => store.complain(error));
  };
  const reason = offline ?? (busy ? "It is under way." : null);
  return (
    <Disclosure
      title="Mirror spheres"
      brief={found ? plural(found.spheres.length, "found", "found") : undefined}
      open={open}
      onOpen={(now) => {
        setOpen(now);
        if (!now) onFound(null);
      }}
    >
      <div className={styles.spheres}>
        <p className={styles.why}>
          {found
            ? "The circles in the picture must lie on the outlines of mirror spheres. If they do, their directions can be used."
            : "A mirror sphere in the pictures tells where each lamp is, better than a rig file that was measured by hand."}
        </p>
        {found && <Found found={found} />}
        {problem && (
          <p className={styles.problem} role="alert">
            {problem}
          </p>
        )}
        {job ? (
          <JobBar job={job} onCancel={cancel} />
        ) : found?.applied ? (
          <p role="status">The rig has these directions now. Make the surface again to use them.</p>
        ) : (
          <div className={styles.buttons}>
            <Button icon="search" reason={reason} onClick={() => void ask(false)}>
              {found ? "Look again" : "Look for spheres"}
            </Button>
            {found && (
              <Button tone="main" icon="check" reason={reason} onClick={() => void ask(true)}>
                Use them
              </Button>
            )}
          </div>
        )}
      </div>
    </Disclosure>
  );
}

function Found({ found }: { found: LightCalibration }) {
  const rows: [string, string][] = found.spheres.map(({ r, confidence, highlights_share }, index) => [
    `Sphere ${index + 1}`,
    [
      `radius ${Math.round(r)} px`,
      `lamps seen in ${Math.round(highlights_share * 100)} %`,
      confidence !== null && confidence < DOUBTFUL ? "doubtful" : null,
    ]
      .filter(Boolean)
      .join(", "),
  ]);
  if (found.mean_error_deg !== null) rows.push(["Error per pixel", `${found.mean_error_deg.toFixed(2)}° mean`]);
  if (found.moved_deg !== null) rows.push(["Against the rig", `${found.moved_deg.toFixed(1)}° at most`]);
  return (
    <>
      <dl className={styles.facts}>
        {rows.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {found.warnings.map((text) => (
        <p key={text} className={styles.why}>
          {text}
        </p>
      ))}
    </>
  );
}
