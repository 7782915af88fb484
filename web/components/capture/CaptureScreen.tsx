"use client";

import dynamic from "next/dynamic";
import { useCallback, useMemo, useRef, useState } from "react";
import { thumbnailUrl } from "@/lib/base";
import type { Zoom } from "@/lib/fit";
import { usePreference } from "@/lib/preferences";
import type { CameraStatus, ConfigEntry, Job } from "@/lib/protocol";
import { shotsOf } from "@/lib/sets";
import { takeSeries } from "@/services/captures";
import { currentSeries, selectedCamera } from "@/services/RigStore";
import { Liveview, type Overlays } from "../Liveview";
import { LampStrip } from "../lights/LampStrip";
import { useAwaited, useConnected, useImageNews, useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { useKeys } from "../useKeys";
import { useLiveviewPause, useOwner } from "../useLiveviewPause";
import styles from "./CaptureScreen.module.css";
import { DarkHint } from "./DarkHint";
import { Filmstrip } from "./Filmstrip";
import { FocusDrive } from "./FocusDrive";
import { type Ghost, GhostControl } from "./GhostControl";
import { HeldOpen, heldSeconds } from "./HeldOpen";
import { LastShot } from "./LastShot";
import { NextName } from "./NextName";
import { NoCamera } from "./NoCamera";
import { OverlayBar } from "./OverlayBar";
import { SeriesProgress } from "./SeriesProgress";
import { SettingsPanel } from "./SettingsPanel";
import { ShutterBar } from "./ShutterBar";
import { useFocus } from "./useFocus";
import { useJudging } from "./useJudging";
import { useReview } from "./useReview";
import { useSelfTimer } from "./useSelfTimer";

const ImageViewer = dynamic(() => import("../gallery/ImageViewer").then((part) => part.ImageViewer), { ssr: false });

const ShotReview = dynamic(() => import("./ShotReview").then((part) => part.ShotReview), { ssr: false });
const SeriesDialog = dynamic(() => import("./SeriesDialog").then((part) => part.SeriesDialog), { ssr: false });

const NOTHING: Overlays = { histogram: true, clipping: false, peaking: false, focus: false, grid: false, mask: null };
/** What the body does while nobody watches here. */
const REST: Record<CameraStatus["viewfinder"], string> = {
  on: "The camera's own is still on; it ends when nothing uses it.",
  standby: "The camera is in standby: it stays cooler and its battery lasts longer.",
  unsupported: "The camera stays cooler and its battery lasts longer.",
};
const NO_ENTRIES: ConfigEntry[] = [];
const NEXT_ZOOM: Record<string, Zoom> = { fit: 1, "1": 2, "2": "fit" };

/** Live view in the middle, settings and shutter at its side, the last shots below. */
export function CaptureScreen() {
  useImageNews();
  const camera = useRig(selectedCamera);
  const connected = useConnected();
  const settled = useRig((rig) => rig.settled);
  if (camera === null && settled && connected) return <NoCamera />;
  return <CaptureDesk />;
}

function CaptureDesk() {
  const store = useStore();
  const camera = useRig(selectedCamera);
  const lost = useRig(
    (rig) => rig.status.state === "waiting" || (rig.status.state === "connecting" && rig.status.attempt > 0),
  );
  const owner = useOwner();
  const series = useRig(currentSeries);
  const capturing = useRig((rig) => rig.capturing);
  const captures = useRig((rig) => rig.captures);
  const entries = useRig((rig) => (camera ? rig.config[camera.camera_id] : undefined)) ?? NO_ENTRIES;
  const [overlays, setOverlays] = usePreference<Overlays>("overlays", NOTHING);
  const [live, setLive] = usePreference("liveview", true);
  const [zoom, setZoom] = useState<Zoom>("fit");
  const [ghost, setGhost] = useState<Ghost | null>(null);
  const [putAside, setPutAside] = usePreference<string | null>("putAside", null);
  const [planning, setPlanning] = useState(false);
  const [viewed, setViewed] = useState<string | null>(null);
  const pictures = useMemo(() => shotsOf(captures).map((shot) => shot.image), [captures]);
  const picks = useRef<Record<string, () => void>>({});

  const offline = useOffline();
  const awaiting = useAwaited();
  const reason = offline ?? awaiting ?? reasonAgainst({ camera: camera !== null, owner, state: camera?.state });
  const focus = useFocus(camera?.camera_id ?? null, reason);
  const judging = useJudging(pictures, offline);
  const review = useReview(pictures, capturing);
  const [held, setHeld] = useState("");
  const holding = heldSeconds(held);
  const shoot = useCallback(() => void store.capture(holding.seconds), [store, holding.seconds]);
  const timer = useSelfTimer(shoot);
  const trigger = () => {
    if (reason === null && !capturing && holding.problem === null) timer.press();
  };
  const flip = (name: "histogram" | "clipping" | "peaking" | "focus" | "grid") => () =>
    setOverlays({ ...overlays, [name]: !overlays[name] });
  const nextZoom = () => setZoom(NEXT_ZOOM[String(zoom)]!);
  const haunting = ghost && (pictures.find((picture) => picture.path === ghost.path) ?? pictures[0]);
  const flipGhost = () => setGhost(ghost || !pictures[0] ? null : { path: pictures[0].path, opacity: 0.4 });
  useKeys({
    Space: trigger,
    t: trigger,
    PageDown: trigger,
    v: () => setLive(!live),
    f: () => focus.once(),
    "[": () => focus.drive(-1),
    "]": () => focus.drive(1),
    h: flip("histogram"),
    c: flip("clipping"),
    p: flip("peaking"),
    m: flip("focus"),
    g: flip("grid"),
    o: flipGhost,
    z: review.shot ? review.closer : nextZoom,
    r: review.flip,
    b: () => review.shot && review.compare(),
    Escape: () => (review.shot ? review.close() : timer.cancel()),
    ...Object.fromEntries(["s", "a", "i", "w"].map((key) => [key, () => picks.current[key]?.()])),
    ...judging.keys,
  });
  const last = pictures[0];
  const pause = useLiveviewPause();
  const view = () => setViewed(last?.path ?? null);
  const at = viewed === null ? -1 : pictures.findIndex((picture) => picture.path === viewed);
  return (
    <div className={styles.capture}>
      <h1 className="visually-hidden">Capture</h1>
      <div className={styles.tools}>
        <OverlayBar
          overlays={overlays}
          onOverlays={setOverlays}
          zoom={zoom}
          onZoom={nextZoom}
          ghost={ghost !== null}
          onGhost={flipGhost}
          ghostPossible={last !== undefined}
          showing={review.showing}
          onShowing={review.choose}
        />
        <FocusDrive onDrive={focus.drive} onFocus={() => focus.once()} reason={reason} place="tools" />
      </div>
      <div className={styles.stage}>
        <Liveview
          cameraId={live ? (camera?.camera_id ?? null) : null}
          overlays={overlays}
          zoom={zoom}
          onZoom={setZoom}
          mark={focus.mark}
          onAim={(point, tapped) => {
            focus.aim(point);
            if (tapped && focus.byTap) focus.once(point);
          }}
          ghost={ghost && haunting ? { url: thumbnailUrl(haunting, 1600), opacity: ghost.opacity } : null}
          pause={pause}
          lost={lost}
        />
        {live && camera !== null && pause === null && !lost && <DarkHint />}
        {!live && (
          <div className={styles.off}>
            <p>The live view is off. {REST[camera?.viewfinder ?? "unsupported"]}</p>
            <Button onClick={() => setLive(true)}>Start the live view</Button>
          </div>
        )}
        {ghost && haunting && <GhostControl ghost={ghost} shown={haunting} pictures={pictures} onGhost={setGhost} />}
        {review.shot && (
          <ShotReview
            image={review.shot}
            before={review.before}
            comparing={review.comparing}
            onCompare={review.compare}
            closely={review.closely}
            onClosely={review.closer}
            focus={focus.aimed}
            onClose={review.close}
          />
        )}
        {timer.left !== null && (
          <div className={styles.countdown} role="timer" aria-live="assertive">
            {timer.left}
          </div>
        )}
      </div>
      <div className={styles.lamps}>
        <LampStrip />
      </div>
      <Filmstrip captures={pictures} onOpen={(image) => setViewed(image.path)} />
      <p className="visually-hidden" role="status">
        {judging.said}
      </p>
      <aside className={styles.side} aria-label="Settings and shutter">
        <div className={styles.scroll}>
          <SettingsPanel camera={camera} reason={reason} picks={picks.current} />
          <HeldOpen entries={entries} text={held} onText={setHeld} />
          <FocusDrive onDrive={focus.drive} onFocus={() => focus.once()} reason={reason} place="side" />
          {last && (
            <LastShot
              image={last}
              onOpen={view}
              onRate={(rating) => judging.rate(last, rating)}
              onDelete={() => judging.remove(last)}
              reason={offline}
            />
          )}
        </div>
        <ShutterBar
          capturing={capturing}
          reason={reason}
          onPress={trigger}
          timer={timer}
          last={last ?? null}
          onSeries={() => setPlanning(true)}
          onReview={view}
          progress={
            series &&
            series.job_id !== putAside && (
              <SeriesProgress
                key={series.job_id}
                job={series}
                reason={offline}
                onPutAside={() => setPutAside(series.job_id)}
              />
            )
          }
        >
          <NextName last={last ?? null} />
        </ShutterBar>
      </aside>
      {planning && camera && (
        <SeriesDialog
          camera={camera}
          reason={reason ?? (capturing ? "A picture is being taken." : null)}
          onStart={(payload) => void takeSeries(store, payload)}
          onClose={() => setPlanning(false)}
        />
      )}
      {at >= 0 && (
        <ImageViewer
          images={pictures}
          index={at}
          onIndex={(index) => setViewed(pictures[index]?.path ?? null)}
          onClose={() => setViewed(null)}
          ratings={judging.ratings}
          onRate={judging.rate}
          onNotes={judging.note}
          onDelete={(image) => {
            setViewed((pictures[at + 1] ?? pictures[at - 1])?.path ?? null);
            judging.remove(image);
          }}
        />
      )}
    </div>
  );
}

interface Situation {
  camera: boolean;
  owner: Job | undefined;
  state: string | undefined;
}

/** Why the camera cannot be used now, in words; null where it can. */
function reasonAgainst({ camera, owner, state }: Situation): string | null {
  if (!camera) return "No camera is selected.";
  if (owner) return owner.kind === "series" ? "A series is being taken." : "A sequence is using the camera.";
  if (state === "lost" || state === "recovering") return "The camera does not answer.";
  return null;
}
