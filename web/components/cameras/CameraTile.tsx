"use client";

import { useEffect, useRef, useState } from "react";
import { thumbnailUrl } from "@/lib/base";
import { COMMON, findEntry, shown } from "@/lib/config";
import type { CameraInfo, CameraStatus, ConfigEntry, ImageFile } from "@/lib/protocol";
import { frameWidth, hindrance, type Outcome } from "@/lib/together";
import type { StreamState } from "@/services/LiveviewStream";
import type { ToWorker, View } from "@/services/liveviewMessages";
import { useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { useLiveCanvas } from "../useLiveCanvas";
import styles from "./CameraTile.module.css";

/** A tile is looked at, not focused by: so many frames a second are enough, and many tiles stay affordable. */
const FPS = 12;
const PLAIN = { histogram: false, clipping: false, peaking: false, focus: false, grid: false, mask: null };

interface Props {
  camera: CameraInfo;
  name: string;
  number: number;
  entries: ConfigEntry[] | undefined;
  takesPart: boolean;
  opening: boolean;
  shooting: boolean;
  /** What it gave of the last exposure. */
  picture: ImageFile | null;
  failure: string | null;
  outcome: Outcome | null;
  reason: string | null;
  onPart: () => void;
  onOpen: () => void;
  onWork: () => void;
  onView: (path: string) => void;
}

/** One camera of several: its picture, whether it takes part, and in words what it does or why it does not. */
export function CameraTile(props: Props) {
  const { camera, name, number, entries, takesPart, picture, failure, outcome, reason } = props;
  const id = camera.camera_id;
  const status = useRig((rig) => rig.inventory?.open.find((one) => one.camera_id === id));
  const job = useRig((rig) => rig.jobs.find((one) => one.state === "running" && one.camera_id === id));
  const hindered = status ? hindrance(status, job) : null;
  const exposure = COMMON.slice(0, 3).flatMap(({ alias, label }) => {
    const value = entries && findEntry(entries, alias)?.value;
    return value === null || value === undefined
      ? []
      : [alias === "iso" ? `${label} ${value}` : shown(alias, String(value))];
  });
  return (
    <li className={styles.tile} data-part={(status && takesPart) || undefined} data-testid="camera-tile">
      <div className={styles.picture}>
        {status ? (
          <LiveTile id={id} name={name} status={status} hindered={hindered} shooting={props.shooting} />
        ) : (
          <div className={styles.closed}>
            <p>{props.opening ? "Opening…" : "Not open"}</p>
            {!props.opening && (
              <Button reason={reason} onClick={props.onOpen} aria-label={`Open ${name}`}>
                Open
              </Button>
            )}
          </div>
        )}
        {picture && (
          <button
            type="button"
            className={styles.shot}
            onClick={() => props.onView(picture.path)}
            aria-label={`Look at ${picture.filename}`}
            title={picture.filename}
          >
            <img src={thumbnailUrl(picture, 320)} alt="" />
          </button>
        )}
      </div>
      <div className={styles.foot}>
        <label className={styles.part}>
          <input type="checkbox" checked={takesPart} onChange={props.onPart} aria-label={`${name} takes part`} />
          <span>
            <span className={styles.name}>
              <span className={styles.number} aria-hidden="true">
                {number}
              </span>
              {name}
            </span>
            <span className={styles.exposure}>{exposure.join(" · ") || (status ? "" : "Not open")}</span>
          </span>
        </label>
        <Button
          tone="quiet"
          icon="right"
          reason={reason}
          aria-label={`Work with ${name}`}
          title="Work with it"
          onClick={props.onWork}
        />
      </div>
      {(failure ?? outcome) && (
        <p className={styles.outcome} data-state={failure ? "refused" : outcome!.state}>
          <Icon
            name={failure || outcome!.state === "refused" ? "warning" : outcome!.state === "set" ? "check" : "timer"}
            size={16}
          />
          {failure ? `No picture: ${failure}` : outcome!.words}
        </p>
      )}
    </li>
  );
}

interface LiveProps {
  id: string;
  name: string;
  status: CameraStatus;
  hindered: string | null;
  shooting: boolean;
}

function LiveTile({ id, name, status, hindered, shooting }: LiveProps) {
  const stage = useRef<HTMLDivElement>(null);
  const [maxWidth, setMaxWidth] = useState<number | null>(null);
  const { worker, state, box, again } = useLiveCanvas(
    stage,
    styles.canvas!,
    maxWidth === null ? null : id,
    { maxWidth, maxFps: FPS },
    {
      readout: ({ frames, width: drawn }) => {
        stage.current?.setAttribute("data-frames", String(frames));
        stage.current?.setAttribute("data-width", String(drawn));
      },
    },
  );
  useEffect(() => {
    const size = { width: Math.round(box.width * box.pixelRatio), height: Math.round(box.height * box.pixelRatio) };
    if (size.width > 0) setMaxWidth(frameWidth(size.width));
    const centre = { x: 0.5, y: 0.5 };
    const view: View = { ...size, pixelRatio: box.pixelRatio, zoom: "fit", centre, spot: centre, ...PLAIN };
    worker?.postMessage({ kind: "view", view } satisfies ToWorker);
  }, [worker, box]);
  const words = shooting ? "Taking a picture…" : (hindered ?? wordsOf(state));
  const failed = !shooting && (status.state === "lost" || (hindered === null && state.state === "failed"));
  return (
    <>
      <div
        ref={stage}
        className={styles.stage}
        role="img"
        aria-label={`Live view of ${name}`}
        data-testid="tile-live"
      />
      {words && (
        <p className={failed ? styles.trouble : styles.pill} role="status">
          {words}
        </p>
      )}
      {hindered === null && state.state === "failed" && (
        <Button className={styles.again} icon="retry" onClick={again}>
          Try again
        </Button>
      )}
    </>
  );
}

function wordsOf(state: StreamState): string | null {
  if (state.state === "failed") return state.message;
  if (state.state === "stalled") return "Waiting for the camera";
  return state.state === "live" ? null : "Starting the live view";
}
