"use client";

import Link from "next/link";
import { bytes, plural } from "@/lib/format";
import { useRig } from "../RigProvider";
import { Icon } from "../ui/Icon";
import { CameraChip } from "./CameraChip";
import { ConnectionDot } from "./ConnectionDot";
import { JobChip } from "./JobChip";
import styles from "./StatusStrip.module.css";

/** What must always be in sight: camera, rig, room on the disk, the running job, the connection. */
export function StatusStrip() {
  return (
    <header className={styles.strip}>
      <CameraChip />
      <RigChip />
      <DiskChip />
      <div className={styles.gap} />
      <JobChip />
      <ConnectionDot />
    </header>
  );
}

function RigChip() {
  const lights = useRig((rig) => rig.lights);
  if (!lights) return null;
  const on = Object.values(lights.states).filter(Boolean).length;
  const faults = lights.lights.filter((light) => light.fault).length;
  return (
    <Link href="/lights/" className={`${styles.chip} ${styles.rig}`} prefetch={false}>
      <Icon name="lights" size={18} />
      <span>
        {on > 0 ? `${on} of ${plural(lights.lights.length, "light")} on` : plural(lights.lights.length, "light")}
      </span>
      {faults > 0 && <span className={styles.bad}>{plural(faults, "fault")}</span>}
      {!lights.gpio_available && <span className={styles.badge}>simulated</span>}
    </Link>
  );
}

function DiskChip() {
  const storage = useRig((rig) => rig.storage);
  if (!storage) return null;
  return (
    <span className={`${styles.chip} ${styles.disk} ${storage.low ? styles.bad : ""}`}>
      <Icon name={storage.low ? "warning" : "disk"} size={18} />
      <span>{bytes(storage.free_bytes)} free</span>
    </span>
  );
}
