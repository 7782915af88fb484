"use client";

import Link from "next/link";
import { useEffect, useState } from "react";
import type { Finding } from "@/lib/protocol";
import { useOffline, useRig, useStore } from "../RigProvider";
import { FindingList } from "../settings/FindingList";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import styles from "./NoCamera.module.css";

/** The first screen of a rig whose camera is not there yet: what to do next, and what the doctor found. */
export function NoCamera() {
  const store = useStore();
  const reason = useOffline();
  const cameras = useRig((rig) => rig.inventory?.cameras);
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const [busy, setBusy] = useState(false);
  const none = cameras?.length === 0;
  useEffect(() => {
    if (!none) return;
    store.service
      .request("DIAGNOSE", {})
      .then((diagnosis) => setFindings(diagnosis.findings))
      .catch(() => setFindings([]));
  }, [store, none]);
  const look = async () => {
    setBusy(true);
    await store.findCameras();
    setBusy(false);
  };
  return (
    <div className={styles.place}>
      <EmptyState whole icon="camera" title={none ? "Connect a camera" : "Choose a camera"}>
        {none ? (
          <p>Plug it in, switch it on, and set it to stay awake. It opens by itself as soon as it is found.</p>
        ) : (
          <p>{reason ?? "These cameras are there. The one that you choose is used here; this browser remembers it."}</p>
        )}
        {cameras && cameras.length > 0 && (
          <ul className={styles.cameras}>
            {cameras.map((camera) => (
              <li key={camera.camera_id}>
                <Button
                  icon="camera"
                  tone={cameras.length === 1 ? "main" : "plain"}
                  reason={reason}
                  onClick={() => store.selectCamera(camera.camera_id)}
                >
                  {camera.model}
                  {camera.serial ? ` · ${camera.serial}` : ""}
                </Button>
              </li>
            ))}
          </ul>
        )}
        {cameras && cameras.length > 1 && <Link href="/cameras/">See all of them side by side</Link>}
        <Button icon="retry" onClick={look}>
          {busy ? "Looking…" : "Look again"}
        </Button>
        {none && findings?.some((finding) => finding.level !== "ok") && (
          <FindingList findings={findings.filter((finding) => finding.level !== "ok")} />
        )}
      </EmptyState>
    </div>
  );
}
