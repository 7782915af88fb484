"use client";

import { useRig } from "../RigProvider";
import { Icon } from "../ui/Icon";
import styles from "./Bars.module.css";

/** Says which camera does not answer, why, and what to do; and that the disk is nearly full. */
export function TroubleBar() {
  const trouble = useRig((rig) => rig.trouble);
  const storage = useRig((rig) => rig.storage);
  return (
    <>
      {Object.values(trouble).map(({ camera_id, model, kind, cause, next, attempt }) => (
        <div className={styles.bar} role="status" key={camera_id}>
          <Icon name="camera" />
          <p>
            <strong>{kind === "lost" ? `${model} does not answer.` : `Bringing ${model} back.`}</strong> {cause}{" "}
            {next ?? "Is it switched on, awake and connected? The server keeps looking for it."}
            {attempt > 1 && ` Attempt ${attempt}.`}
          </p>
        </div>
      ))}
      {storage?.low && (
        <div className={styles.bar} role="status">
          <Icon name="disk" />
          <p>
            <strong>The disk is nearly full.</strong> Download sets you still need and delete what you do not; then
            captures go on.
          </p>
        </div>
      )}
    </>
  );
}
