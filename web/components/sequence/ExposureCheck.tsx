"use client";

import type { ExposureWarning } from "@/lib/exposure";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./ExposureCheck.module.css";

interface Props {
  warnings: ExposureWarning[];
  cameraId: string | null;
  known: boolean;
}

/** What would let two frames differ by more than their light, with what mends it. */
export function ExposureCheck({ warnings, cameraId, known }: Props) {
  const { writes } = useStore();
  if (!known) return <p className={styles.calm}>The exposure is checked as soon as a camera is open.</p>;
  if (warnings.length === 0) {
    return (
      <p className={styles.good}>
        <Icon name="check" size={18} /> Nothing automatic: every frame will be exposed alike.
      </p>
    );
  }
  return (
    <ul className={styles.warnings}>
      {warnings.map(({ what, remedy, fix }) => (
        <li key={what}>
          <Icon name="warning" size={18} />
          <div>
            <p>{what}</p>
            <p className={styles.calm}>{remedy}</p>
          </div>
          {fix && cameraId && <Button onClick={() => writes.want(cameraId, fix.path, fix.value)}>{fix.value}</Button>}
        </li>
      ))}
    </ul>
  );
}
