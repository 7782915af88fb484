"use client";

import Link from "next/link";
import { useState } from "react";
import type { Direction } from "@/lib/dome";
import { duration, lightLabel, plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { Job, JobStep } from "@/lib/protocol";
import { type DomeLight, DomeMap } from "../lights/DomeMap";
import { useOffline, useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { type FocusChoice, type JobAction, useJobAction } from "../useJobAction";
import { CancelJobDialog } from "./CancelJobDialog";
import { FocusQuestion } from "./FocusQuestion";
import { FrameSheet } from "./FrameSheet";
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
  const failed = job.steps.filter((step) => step.state === "failed");
  const troubled = failed.length > 0 || (job.error !== null && !["running", "completed"].includes(job.state));
  const warned = job.steps.filter((step) => step.warning).length;
  const going = job.state === "running" || job.state === "paused";
  const choose = (focus: FocusChoice) => ask(job.state === "failed" ? "RETRY_STEPS" : "RESUME_JOB", { focus });
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
        {troubled && <Failure job={job} failed={focusUnknown ? [] : failed} reason={reason} onAsk={ask} />}
        <div className={styles.buttons}>
          {job.state === "running" && (
            <Button icon="pause" reason={reason} disabled={busy !== null} onClick={() => ask("PAUSE_JOB")}>
              {busy === "PAUSE_JOB" ? "Pausing…" : "Pause"}
            </Button>
          )}
          {focusUnknown && <FocusQuestion reason={reason} disabled={busy !== null} onChoose={choose} />}
          {!focusUnknown && (job.state === "paused" || job.state === "interrupted") && (
            <Button icon="play" tone="main" reason={reason} disabled={busy !== null} onClick={() => ask("RESUME_JOB")}>
              Go on
            </Button>
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
              <Button tone="main" onClick={onNew}>
                Next set
              </Button>
            </>
          )}
        </div>
        <RunDome job={job} />
      </div>
      <FrameSheet job={job} reason={reason} onRetry={(step) => ask("RETRY_STEPS", { steps: [step] })} />
      {asking && <CancelJobDialog job={job} onClose={() => setAsking(false)} />}
    </div>
  );
}

interface FailureProps {
  job: Job;
  failed: JobStep[];
  reason: string | null;
  onAsk: (action: JobAction, more: { steps: number[] }) => void;
}

/** What went wrong, what to do about it, and the ways on. */
function Failure({ job, failed, reason, onAsk }: FailureProps) {
  const words = job.error ?? failed.at(-1)?.error ?? "A frame failed.";
  const can = job.state === "paused" || job.state === "failed" || job.state === "interrupted";
  return (
    <div className={styles.failure} role="alert" data-testid="trouble">
      <p>
        <strong>{words}</strong>
      </p>
      {job.hint && <p>{job.hint}</p>}
      {can && failed.length > 0 && (
        <div className={styles.buttons}>
          <Button
            icon="retry"
            reason={reason}
            onClick={() => onAsk("RETRY_STEPS", { steps: failed.map((step) => step.index) })}
          >
            {failed.length === 1 ? "Retry this frame" : `Retry ${failed.length} failed frames`}
          </Button>
          <Button
            icon="skip"
            reason={reason}
            onClick={() => onAsk("SKIP_STEPS", { steps: failed.map((step) => step.index) })}
          >
            Skip
          </Button>
        </div>
      )}
    </div>
  );
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
