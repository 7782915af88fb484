"use client";

import { useState } from "react";
import type { Zoom } from "@/lib/fit";
import { usePreference } from "@/lib/preferences";
import { selectedCamera } from "@/services/RigStore";
import { Liveview, type Overlays } from "../Liveview";
import { useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { useLiveviewPause } from "../useLiveviewPause";
import styles from "./LivePicture.module.css";

const PLAIN: Overlays = { histogram: false, clipping: false, peaking: false, focus: false, grid: false, mask: null };

/** The live view beside the lamps: what a lamp does is seen where it is switched. */
export function LivePicture() {
  const camera = useRig(selectedCamera);
  const lost = useRig(
    (rig) => rig.status.state === "waiting" || (rig.status.state === "connecting" && rig.status.attempt > 0),
  );
  const pause = useLiveviewPause();
  const [shown, setShown] = usePreference("picture", true);
  const [zoom, setZoom] = useState<Zoom>("fit");
  if (camera === null) return null;
  if (!shown) {
    return (
      <div className={styles.hidden}>
        <Button icon="camera" onClick={() => setShown(true)}>
          Show the picture
        </Button>
      </div>
    );
  }
  return (
    <section className={styles.picture} aria-label="Picture">
      <Liveview
        cameraId={camera.camera_id}
        overlays={PLAIN}
        zoom={zoom}
        onZoom={setZoom}
        mark={null}
        onAim={() => undefined}
        ghost={null}
        pause={pause}
        lost={lost}
      />
      <Button
        tone="quiet"
        icon="close"
        aria-label="Hide the picture"
        title="Hide the picture"
        onClick={() => setShown(false)}
      />
    </section>
  );
}
