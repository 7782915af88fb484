import { failureOf } from "@/lib/causes";
import type { Job } from "@/lib/protocol";
import { useRig } from "../RigProvider";
import styles from "./SequenceRun.module.css";

/** Faults of the camera itself: what is said of them must follow the camera. */
const OF_CAMERA = new Set(["camera_lost", "camera_crashed", "camera_timeout", "camera_not_open", "camera_not_found"]);

/** What went wrong in a set, said once; the bar above tells of a camera that is away, and when it is back the box says so. */
export function RunTrouble({ job }: { job: Job }) {
  const camera = useRig((rig) => rig.inventory?.open.find((one) => one.camera_id === job.camera_id));
  const away = useRig((rig) => (job.camera_id ? rig.trouble[job.camera_id] : undefined));
  const { headline, cause, hint, details } = failureOf(job);
  const code = job.steps.findLast((step) => step.state === "failed")?.error_code ?? job.error_code;
  const ofCamera = code !== null && OF_CAMERA.has(code);
  const back = ofCamera && !away && camera?.state === "ready";
  return (
    <div className={styles.failure} role="alert" data-testid="trouble" data-back={back || undefined}>
      <p>
        <strong>{headline}</strong> {!back && cause}
      </p>
      {back && <p>{camera?.model} is back: the set can go on.</p>}
      {ofCamera && away && <p>The set can go on as soon as {away.model} is back.</p>}
      {!ofCamera && hint && <p>{hint}</p>}
      {details && (
        <details>
          <summary>Details</summary>
          <p>{details}</p>
        </details>
      )}
    </div>
  );
}
