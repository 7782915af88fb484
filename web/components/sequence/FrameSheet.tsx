import { useRef } from "react";
import { imageUrl, thumbnailUrl } from "@/lib/base";
import { lightLabel } from "@/lib/format";
import { standingFor } from "@/lib/images";
import type { Job, JobStep } from "@/lib/protocol";
import { Button } from "../ui/Button";
import styles from "./FrameSheet.module.css";

const WORDS: Record<JobStep["state"], string> = {
  pending: "waits",
  running: "exposing",
  done: "OK",
  failed: "failed",
  skipped: "skipped",
};

interface Props {
  job: Job;
  /** Why no frame can be taken again now. */
  reason: string | null;
  onRetry: (step: number) => void;
}

/** The frames as they come, each with how it went; one with a warning can be taken again. */
export function FrameSheet({ job, reason, onRetry }: Props) {
  const resting = job.state !== "running" && job.state !== "cancelled";
  return (
    <ul className={styles.sheet} aria-label="Frames">
      {job.steps.map((step) => (
        <Frame key={step.index} step={step} reason={reason} onRetry={resting ? onRetry : null} />
      ))}
    </ul>
  );
}

interface FrameProps {
  step: JobStep;
  reason: string | null;
  onRetry: ((step: number) => void) | null;
}

function Frame({ step, reason, onRetry }: FrameProps) {
  const thumbnail = useFreshly(thumbnailOf(step), step.state);
  const { warning } = step;
  return (
    <li data-state={step.state} data-warned={warning ? true : undefined}>
      <div className={styles.picture}>
        {thumbnail ? <img src={thumbnail} alt="" loading="lazy" /> : <span>{step.index || "A"}</span>}
      </div>
      <p className={styles.frame}>
        <span>{step.light ? lightLabel(step.light) : "Ambient"}</span>
        <span className={styles.mark}>{warning ? "check" : WORDS[step.state]}</span>
      </p>
      {(step.error || warning) && <p className={styles.why}>{step.error ?? warning}</p>}
      {warning && onRetry && (
        <Button icon="retry" reason={reason} onClick={() => onRetry(step.index)}>
          Retry
        </Button>
      )}
    </li>
  );
}

/** The address under which a frame that was taken again is asked for again: its file keeps its name. */
function useFreshly(address: string | null, state: JobStep["state"]): string | null {
  const seen = useRef({ state, takes: state === "done" ? 1 : 0 });
  if (seen.current.state !== state) {
    // Only when the new picture is there: until then the old one is shown.
    seen.current = { state, takes: seen.current.takes + (state === "done" ? 1 : 0) };
  }
  const { takes } = seen.current;
  return address && takes > 1 ? `${address}&take=${takes}` : address;
}

function thumbnailOf(step: JobStep): string | null {
  const file = standingFor(step.files, (path) => path);
  return file === undefined ? null : thumbnailUrl({ url: imageUrl(file) }, 320);
}
