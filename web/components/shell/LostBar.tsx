"use client";

import { CLOSE_CODES } from "@/lib/protocol";
import { useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { useCountdown } from "../useCountdown";
import styles from "./Bars.module.css";

/** Says that the server does not answer, when it is tried again, and that what is shown is old. */
export function LostBar() {
  const { service } = useStore();
  const status = useRig((rig) => rig.status);
  const retryAt = status.state === "waiting" ? status.retryAt : null;
  const seconds = useCountdown(retryAt);
  const trying = status.state === "connecting" && status.attempt > 0;
  if (status.state !== "waiting" && !trying) return null;
  const reason = status.state === "waiting" ? status.reason : CLOSE_CODES.BROKEN.sentence;
  return (
    <div className={styles.bar} role="status">
      <Icon name="warning" />
      <p>
        <strong>{reason}</strong> What you see may be old.{" "}
        {(trying || retryAt !== null) && (
          <span aria-hidden="true">{trying || seconds === 0 ? "Trying again…" : `Trying again in ${seconds} s.`}</span>
        )}
      </p>
      <Button onClick={() => service.retryNow()}>Retry now</Button>
    </div>
  );
}
