"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { counts } from "@/lib/objects";
import type { ObjectStanding } from "@/lib/protocol";
import { selectedCamera } from "@/services/RigStore";
import { useAwaited, useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { useKeys } from "../useKeys";
import { AddObjects } from "./AddObjects";
import { DayReport } from "./DayReport";
import { ObjectRows } from "./ObjectRows";
import styles from "./ObjectsScreen.module.css";
import { useObjects } from "./useObjects";

const ScanDialog = dynamic(() => import("./ScanDialog").then((part) => part.ScanDialog), { ssr: false });

/** The objects of a day's work: which is before the camera, which come, what was done. */
export function ObjectsScreen() {
  const store = useStore();
  const standing = useRig((rig) => rig.objects);
  const objects = useObjects();
  const camera = useRig(selectedCamera);
  const offline = useOffline();
  const awaiting = useAwaited();
  const [scanning, setScanning] = useState(false);
  const none = standing && !standing.current && !standing.following ? "No object waits." : null;
  const reason = offline ?? awaiting ?? none;
  const noScan = offline ?? (camera === null ? "No camera is selected." : null);
  const goOn = (state: "done" | "skipped") => {
    if (reason !== null) return;
    const number = standing?.current?.catalogue_number ?? null;
    store.service.request("NEXT_OBJECT", { state, catalogue_number: number }).catch((error) => store.complain(error));
  };
  useKeys({ n: () => goOn("done"), k: () => goOn("skipped"), b: () => noScan === null && setScanning(true) });
  return (
    <div className={styles.screen}>
      <header className={styles.head}>
        <h1>Objects</h1>
        <p>{standing ? counts(standing) : (awaiting ?? "Not known yet.")}</p>
      </header>
      <div className={styles.columns}>
        <div className={styles.work}>
          <Current standing={standing} />
          <div className={styles.buttons}>
            <Button tone="main" icon="check" reason={reason} title="N" onClick={() => goOn("done")}>
              {standing?.current ? "Done, next" : "Begin"}
            </Button>
            {standing?.current && (
              <Button icon="skip" reason={reason} title="K" onClick={() => goOn("skipped")}>
                Skip
              </Button>
            )}
            <Button icon="mask" reason={noScan} title="B" onClick={() => setScanning(true)}>
              Scan
            </Button>
          </div>
          {objects?.length === 0 && (
            <p className={styles.soft}>
              Add a list, then capture one object after the other: the number of the one before the camera goes into
              sets, names and files, and the list is where you left it when you come back.
            </p>
          )}
          <ObjectRows objects={objects} current={standing?.current?.catalogue_number ?? null} />
        </div>
        <div className={styles.side}>
          <AddObjects empty={objects?.length === 0} />
          <DayReport />
        </div>
      </div>
      {scanning && camera && <ScanDialog cameraId={camera.camera_id} onClose={() => setScanning(false)} />}
    </div>
  );
}

/** The object before the camera, large enough to be read from where it lies. */
function Current({ standing }: { standing: ObjectStanding | null }) {
  const { current, following } = standing ?? {};
  return (
    <section className={styles.current} aria-label="Current object" aria-live="polite">
      {current ? (
        <>
          <p className={styles.number}>{current.catalogue_number}</p>
          {current.name && <p className={styles.name}>{current.name}</p>}
        </>
      ) : (
        <p className={styles.nobody}>No object is before the camera.</p>
      )}
      <p className={styles.next}>
        {following
          ? `Next: ${following.catalogue_number}${following.name ? `, ${following.name}` : ""}`
          : current && "It is the last one."}
      </p>
    </section>
  );
}
