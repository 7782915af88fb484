"use client";

import Link from "next/link";
import { useEffect, useId, useRef, useState } from "react";
import { bytes } from "@/lib/format";
import type { CameraInfo, CameraStatus } from "@/lib/protocol";
import { selectedCamera } from "@/services/RigStore";
import { useAwaited, useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./CameraChip.module.css";

/** The selected camera at a glance; opens the list of all of them. */
export function CameraChip() {
  const camera = useRig(selectedCamera);
  const awaiting = useAwaited();
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const menu = useId();
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !place.current?.contains(event.target as Node)) {
        setOpen(false);
        if (event instanceof KeyboardEvent) place.current?.querySelector("button")?.focus();
      }
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("keydown", leave);
    };
  }, [open]);
  return (
    <div className={styles.place} ref={place}>
      <button
        type="button"
        className={styles.chip}
        aria-expanded={open}
        aria-controls={open ? menu : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name="camera" />
        <span className={styles.name}>{camera ? camera.model : (awaiting ?? "No camera")}</span>
        {camera && <CameraFacts camera={camera} />}
        <Icon name="down" size={14} />
      </button>
      {open && <CameraMenu id={menu} onDone={() => setOpen(false)} />}
    </div>
  );
}

function CameraFacts({ camera }: { camera: CameraStatus }) {
  const { battery_percent: battery, lens, shots_left: shots, state } = camera;
  if (state === "lost" || state === "recovering") {
    return <span className={styles.trouble}>{state === "lost" ? "not answering" : "coming back"}</span>;
  }
  return (
    <>
      {battery !== null && (
        <span className={`${styles.battery} ${battery <= 20 ? styles.trouble : ""}`}>
          <BatteryPicture percent={battery} />
          <span>
            <span className="visually-hidden">Battery </span>
            {battery} %
          </span>
        </span>
      )}
      {lens && <span className={styles.lens}>{lens}</span>}
      {shots !== null && <span className={styles.shots}>{shots} left</span>}
    </>
  );
}

function BatteryPicture({ percent }: { percent: number }) {
  return (
    <svg width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">
      <rect
        x="0.75"
        y="0.75"
        width="18.500"
        height="10.500"
        rx="2.500"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.300"
      />
      <rect x="2.700" y="2.700" width={(14.6 * Math.max(4, percent)) / 100} height="6.600" rx="1" fill="currentColor" />
      <path d="M21 4.200v3.600" stroke="currentColor" strokeWidth="1.600" strokeLinecap="round" />
    </svg>
  );
}

function CameraMenu({ id, onDone }: { id: string; onDone: () => void }) {
  const store = useStore();
  const cameras = useRig((rig) => rig.inventory?.cameras);
  const [busy, setBusy] = useState<string | null>(null);
  const storage = useRig((rig) => rig.storage);
  const selected = useRig(selectedCamera);
  const reason = useOffline();
  const facts = [
    selected?.lens,
    selected?.viewfinder === "standby" && "live view in standby",
    selected?.shots_left != null && `${selected.shots_left} shots left`,
    storage && `${bytes(storage.free_bytes)} free on the disk`,
  ].filter(Boolean);
  const run = async (what: string, work: () => Promise<void>) => {
    setBusy(what);
    await work();
    setBusy(null);
  };
  return (
    <div id={id} className={styles.menu} role="group" aria-label="Cameras">
      <ul>
        {(cameras ?? []).map((camera) => (
          <CameraRow
            key={camera.camera_id}
            camera={camera}
            busy={busy === camera.camera_id}
            reason={reason}
            onSelect={() => run(camera.camera_id, () => store.selectCamera(camera.camera_id)).then(onDone)}
            onClose={() => run(camera.camera_id, () => store.deselectCamera(camera.camera_id))}
          />
        ))}
      </ul>
      {facts.length > 0 && <p className={styles.facts}>{facts.join(" · ")}</p>}
      {cameras?.length === 0 && (
        <p className={styles.none}>No camera is there. Connect one, switch it on, and look again.</p>
      )}
      {cameras && cameras.length > 1 && (
        <Link className={styles.all} href="/cameras/" prefetch={false} onClick={onDone}>
          <Icon name="cameras" />
          All side by side
        </Link>
      )}
      <Button icon="retry" reason={reason} onClick={() => run("look", () => store.findCameras())}>
        {busy === "look" ? "Looking…" : "Look for cameras"}
      </Button>
    </div>
  );
}

interface RowProps {
  camera: CameraInfo;
  busy: boolean;
  reason: string | null;
  onSelect: () => void;
  onClose: () => void;
}

function CameraRow({ camera, busy, reason, onSelect, onClose }: RowProps) {
  const where = camera.serial ? `No. ${camera.serial}` : camera.port;
  return (
    <li className={styles.row} data-selected={camera.selected || undefined}>
      <button type="button" className={styles.pick} onClick={onSelect} aria-pressed={camera.selected}>
        <span className={styles.mark}>{camera.selected && <Icon name="check" size={18} />}</span>
        <span className={styles.who}>
          <span className={styles.model}>{camera.model}</span>
          <span className={styles.where}>
            {busy ? "Opening…" : `${where} · ${camera.open ? camera.state : "closed"}`}
          </span>
        </span>
      </button>
      {camera.open && (
        <Button tone="quiet" icon="close" reason={reason} aria-label={`Close ${camera.model}`} onClick={onClose} />
      )}
    </li>
  );
}
