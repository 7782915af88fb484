"use client";

import Link from "next/link";
import { useState } from "react";
import { capital, frameName } from "@/lib/causes";
import type { Direction } from "@/lib/dome";
import { duration, lightLabel, plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { Job, JobStep } from "@/lib/protocol";
import { type DomeLight, DomeMap } from "../lights/DomeMap";
import { useOffline, useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { type FocusChoice, useJobAction } from "../useJobAction";
import { CancelJobDialog } from "./CancelJobDialog";
import { FocusQuestion } from "./FocusQuestion";
import { FrameSheet } from "./FrameSheet";
import { NextObject } from "./NextObject";
import { RunTrouble } from "./RunTrouble";
import styles from "./SequenceRun.module.css";

const HEADLINES: Record<Job["state"], string> = {
  running: "Capturing",
  paused: "Paused",
  completed: "Done",
  failed: "Ended early",
  cancelled: "Stopped",
  interrupted: "Interrupted",
};

/** A set under way, large enough to be read across a room, and what can be done about it. */
export function SequenceRun({ job, onNew }: { job: Job; onNew: () => void }) {
  const [asking, setAsking] = useState(false);
  const { busy, ask, focusUnknown } = useJobAction(job);
  const [blackout, setBlackout] = usePreference("blackout", true);
  const reason = useOffline();
  const worksThrough = useRig((rig) => Boolean(rig.objects?.current)) && job.state === "completed";
  const failed = job.steps.filter((step) => step.state === "failed");
  const troubled = failed.length > 0 || (job.error !== null && !["running", "completed"].includes(job.state));
  const waits = job.state === "paused" || job.state === "interrupted";
  const warned = job.steps.filter((step) => step.warning).length;
  const going = job.state === "running" || job.state === "paused";
  const choose = (focus: FocusChoice) => ask(job.state === "failed" ? "RETRY_STEPS" : "RESUME_JOB", { focus });
  const indexes = failed.map((step) => step.index);
  // A paused set takes its failed frames first when it goes on.
  const retry = () => (waits ? ask("RESUME_JOB") : ask("RETRY_STEPS", { steps: indexes }));
  const skip = async () => {
    if (!(await ask("SKIP_STEPS", { steps: indexes }))) return;
    if (waits) await ask("RESUME_JOB");
    else await ask("RETRY_STEPS", { steps: pendingOf(job) });
  };
  return (
    <div className={styles.run} data-state={job.state}>
      <div className={styles.head}>
        <div className={styles.count}>
          <h1>
            <span className={styles.state}>{HEADLINES[job.state]}</span>{" "}
            <span className={styles.set}>{job.set_name}</span>
          </h1>
          <p className={styles.numbers} data-testid="progress">
            <strong>{job.index}</strong>
            <span> / {job.total}</span>
          </p>
          <p className={styles.now}>
            {job.state === "running" && job.current_light && lightLabel(job.current_light)}
            {job.state === "running" && !job.current_light && "Ambient frame"}
            {job.state === "running" && job.seconds_left !== null && ` · ${duration(job.seconds_left)} left`}
            {job.state === "completed" && `All ${plural(job.total, "frame")} are on the disk.`}
            {warned > 0 && !going && <span className={styles.warned}> {plural(warned, "frame")} to check.</span>}
            {job.state === "paused" && failed.length === 0 && "Camera and lights are free. Nothing is lost."}
          </p>
        </div>
        {troubled && <RunTrouble job={job} />}
        <div className={styles.buttons}>
          {job.state === "running" && (
            <Button icon="pause" reason={reason} disabled={busy !== null} onClick={() => ask("PAUSE_JOB")}>
              {busy === "PAUSE_JOB" ? "Pausing…" : "Pause"}
            </Button>
          )}
          {focusUnknown && <FocusQuestion reason={reason} disabled={busy !== null} onChoose={choose} />}
          {!focusUnknown && waits && failed.length === 0 && (
            <Button icon="play" tone="main" reason={reason} disabled={busy !== null} onClick={() => ask("RESUME_JOB")}>
              Go on
            </Button>
          )}
          {!focusUnknown && (waits || job.state === "failed") && failed.length > 0 && (
            <WaysOn failed={failed} reason={reason} busy={busy !== null} onRetry={retry} onSkip={skip} />
          )}
          {going && (
            <Button icon="stop" tone="danger" reason={reason} onClick={() => setAsking(true)}>
              Stop
            </Button>
          )}
          {job.state === "running" && (
            <Button icon="moon" aria-pressed={blackout} onClick={() => setBlackout(!blackout)}>
              Blackout
            </Button>
          )}
          {!going && (
            <>
              {job.set_name !== null && (
                <Link className={styles.open} href={`/set/?name=${encodeURIComponent(job.set_name)}`}>
                  <Icon name="gallery" /> Look at the set
                </Link>
              )}
              {job.set_name !== null && (
                <Link className={styles.open} href={`/results/?set=${encodeURIComponent(job.set_name)}`}>
                  <Icon name="results" /> Surface
                </Link>
              )}
              {job.state === "completed" && <NextObject onNext={onNew} />}
              <Button tone={worksThrough ? "plain" : "main"} onClick={onNew}>
                Next set
              </Button>
            </>
          )}
        </div>
        <RunDome job={job} />
      </div>
      <FrameSheet job={job} reason={reason} onAgain={(step) => ask("RETRY_STEPS", { steps: [step] })} />
      {asking && <CancelJobDialog jobId={job.job_id} onClose={() => setAsking(false)} />}
    </div>
  );
}

interface WaysProps {
  failed: JobStep[];
  reason: string | null;
  busy: boolean;
  onRetry: () => void;
  onSkip: () => void;
}

/** After a fault there is one main way on; leaving frames out is the other one. */
function WaysOn({ failed, reason, busy, onRetry, onSkip }: WaysProps) {
  const what = failed.length === 1 ? capital(frameName(failed[0]!)) : `${failed.length} frames`;
  return (
    <>
      <Button icon="retry" tone="main" reason={reason} disabled={busy} onClick={onRetry}>
        Retry {what} and go on
      </Button>
      <Button icon="skip" reason={reason} disabled={busy} onClick={onSkip}>
        Skip {failed.length === 1 ? "it" : "them"} and go on
      </Button>
    </>
  );
}

function pendingOf(job: Job): number[] {
  return job.steps.filter((step) => step.state === "pending").map((step) => step.index);
}

function RunDome({ job }: { job: Job }) {
  const lights = useRig((rig) => rig.lights);
  if (!lights?.lights.some((light) => light.direction)) return null;
  const dome: DomeLight[] = lights.lights.map(({ name, direction, fault }) => {
    const step = job.steps.find((one) => one.light === name);
    return {
      name,
      direction: direction as Direction | null,
      fault,
      on: lights.states[name] ?? false,
      order: step ? step.index : null,
      mark: step ? markOf(step) : null,
    };
  });
  return (
    <div className={styles.dome}>
      <DomeMap lights={dome} label="Lights of the sequence and their frames" disabled />
    </div>
  );
}

function markOf(step: JobStep): DomeLight["mark"] {
  if (step.state === "done") return step.warning ? "warned" : "done";
  return step.state === "failed" || step.state === "skipped" ? step.state : null;
}
