import { useRef, useState } from "react";
import { imageUrl, thumbnailUrl } from "@/lib/base";
import { causeOf, frameName } from "@/lib/causes";
import { standingFor } from "@/lib/images";
import type { Job, JobStep } from "@/lib/protocol";
import { Button } from "../ui/Button";
import styles from "./FrameSheet.module.css";
import { FrameViewer } from "./FrameViewer";

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
  onAgain: (step: number) => void;
}

/** The frames as they come, each with how it went: to be looked at large, and to be taken again. */
export function FrameSheet({ job, reason, onAgain }: Props) {
  const [viewed, setViewed] = useState<number | null>(null);
  const again = (step: JobStep) =>
    step.state === "done" || job.state !== "running" ? () => onAgain(step.index) : null;
  return (
    <>
      <ul className={styles.sheet} aria-label="Frames">
        {job.steps.map((step) => (
          <Frame
            key={step.index}
            step={step}
            reason={reason}
            onOpen={() => setViewed(step.index)}
            onAgain={step.files.length > 0 ? again(step) : null}
          />
        ))}
      </ul>
      {viewed !== null && (
        <FrameViewer
          job={job}
          step={viewed}
          onStep={setViewed}
          onClose={() => setViewed(null)}
          onAgain={onAgain}
          reason={reason}
        />
      )}
    </>
  );
}

interface FrameProps {
  step: JobStep;
  reason: string | null;
  onOpen: () => void;
  onAgain: (() => void) | null;
}

function Frame({ step, reason, onOpen, onAgain }: FrameProps) {
  const thumbnail = useFreshly(thumbnailOf(step), step.state);
  const { warning, again } = step;
  const name = frameName(step);
  return (
    <li data-state={step.state} data-warned={warning ? true : undefined}>
      {thumbnail ? (
        <button type="button" className={styles.picture} onClick={onOpen} aria-label={`Look at ${name}`}>
          <img src={thumbnail} alt="" loading="lazy" />
        </button>
      ) : (
        <div className={styles.picture}>
          <span>{step.index || "A"}</span>
        </div>
      )}
      <div className={styles.frame}>
        <span>{name}</span>
        <span className={styles.mark}>{again ? "again, at the end" : warning ? "check" : WORDS[step.state]}</span>
        {onAgain && !warning && (
          <Button
            tone="quiet"
            icon="retry"
            className={styles.again}
            reason={reason}
            disabled={again}
            aria-label={`Take ${name} again`}
            title="Take again"
            onClick={onAgain}
          />
        )}
      </div>
      {(step.error || warning) && <p className={styles.why}>{step.error ? causeOf(step) : warning}</p>}
      {warning && onAgain && (
        <Button icon="retry" reason={reason} disabled={again} aria-label={`Take ${name} again`} onClick={onAgain}>
          Take again
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
