"use client";

import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { usePreference } from "@/lib/preferences";
import type { CameraInfo, ConfigEntry, ImageFile } from "@/lib/protocol";
import { callNames, type Outcome } from "@/lib/together";
import { applyToAll } from "@/services/together";
import { useAwaited, useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import { useKeys } from "../useKeys";
import { ApplyToAll } from "./ApplyToAll";
import styles from "./CamerasScreen.module.css";
import { CameraTile } from "./CameraTile";
import { ShootAll } from "./ShootAll";
import { type Trigger, useShootAll } from "./useShootAll";

const ImageViewer = dynamic(() => import("../gallery/ImageViewer").then((part) => part.ImageViewer), { ssr: false });

const NONE: CameraInfo[] = [];
const NOBODY: string[] = [];
const NUMBERS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** All cameras side by side: their live views, one shutter and one setting for all, and what came of it for each. */
export function CamerasScreen() {
  const cameras = useRig((rig) => rig.inventory?.cameras) ?? NONE;
  const awaiting = useAwaited();
  const store = useStore();
  if (cameras.length > 0) return <CamerasDesk cameras={cameras} />;
  return (
    <EmptyState whole icon="cameras" title={awaiting ?? "No camera is there"}>
      <p>Connect cameras and switch them on. Each of them gets its picture here.</p>
      <Button icon="retry" onClick={() => void store.findCameras()}>
        Look for cameras
      </Button>
    </EmptyState>
  );
}

function CamerasDesk({ cameras }: { cameras: CameraInfo[] }) {
  const store = useStore();
  const router = useRouter();
  const offline = useOffline();
  const config = useRig((rig) => rig.config);
  const open = useRig((rig) => rig.inventory?.open) ?? [];
  const [left, setLeft] = usePreference<string[]>("camerasLeftOut", NOBODY);
  const [trigger, setTrigger] = usePreference<Trigger | null>("camerasTrigger", null);
  const [outcomes, setOutcomes] = useState<Record<string, Outcome>>({});
  const [viewed, setViewed] = useState<string | null>(null);
  const setting = useRef<HTMLSelectElement>(null);
  const { opening, openAll, keepOpen } = useOpening(cameras);
  const shutter = useShootAll(trigger);

  const names = callNames(cameras);
  const part = open.map(({ camera_id }) => camera_id).filter((id) => !left.includes(id));
  const closed = cameras.filter((camera) => !camera.open);
  const reason = offline ?? (part.length === 0 ? "No camera takes part: open one, or take one in." : null);
  const flip = (id: string) => setLeft(left.includes(id) ? left.filter((one) => one !== id) : [...left, id]);
  const shoot = () => {
    if (reason !== null) return;
    setOutcomes({});
    void shutter.press(part);
  };
  useKeys({
    Space: shoot,
    t: shoot,
    PageDown: shoot,
    s: () => setting.current?.focus(),
    ...Object.fromEntries(NUMBERS.map((key, at) => [key, () => cameras[at] && flip(cameras[at].camera_id)])),
  });

  const images = cameras.flatMap(({ camera_id }) => pictureOf(shutter.shot?.frames[camera_id]?.files) ?? []);
  const at = images.findIndex(({ path }) => path === viewed);
  const shared: Record<string, ConfigEntry[]> = Object.fromEntries(
    part.flatMap((id) => (config[id] ? [[id, config[id]]] : [])),
  );
  return (
    <div className={styles.screen}>
      <div className={styles.head}>
        <h1>Cameras</h1>
        {closed.length > 0 && (
          <Button
            icon="off"
            reason={offline ?? (opening.length > 0 ? "Cameras are being opened." : null)}
            onClick={openAll}
          >
            {closed.length === 1 ? "Open the other one" : `Open all ${closed.length}`}
          </Button>
        )}
      </div>
      <ul className={styles.grid} aria-label="Cameras" data-count={Math.min(cameras.length, 5)}>
        {cameras.map((camera, place) => {
          const id = camera.camera_id;
          return (
            <CameraTile
              key={id}
              camera={camera}
              name={names[id]!}
              number={place + 1}
              entries={config[id]}
              takesPart={!left.includes(id)}
              opening={opening.includes(id)}
              shooting={shutter.shooting.includes(id)}
              picture={pictureOf(shutter.shot?.frames[id]?.files)}
              failure={shutter.shot?.failures[id] ?? null}
              outcome={outcomes[id] ?? null}
              reason={offline}
              onPart={() => flip(id)}
              onOpen={() => keepOpen(id)}
              onWork={() => void store.selectCamera(id).then(() => router.push("/"))}
              onView={setViewed}
            />
          );
        })}
      </ul>
      <div className={styles.side}>
        <ApplyToAll
          configs={shared}
          reason={reason}
          outcomes={outcomes}
          names={names}
          ref={setting}
          onApply={async (wanted, value) => {
            setOutcomes({});
            await applyToAll(store.service, part, wanted, value, (id, outcome) =>
              setOutcomes((before) => ({ ...before, [id]: outcome })),
            );
          }}
        />
        <ShootAll
          count={part.length}
          of={open.length}
          shooting={shutter.shooting.length > 0}
          shot={shutter.shot}
          names={names}
          reason={reason}
          trigger={trigger}
          onTrigger={setTrigger}
          onPress={shoot}
        />
      </div>
      {at >= 0 && (
        <ImageViewer
          images={images}
          index={at}
          onIndex={(index) => setViewed(images[index]?.path ?? null)}
          onClose={() => setViewed(null)}
        />
      )}
    </div>
  );
}

function pictureOf(files: ImageFile[] | undefined): ImageFile | null {
  return files?.find(({ mimetype }) => mimetype === "image/jpeg") ?? files?.[0] ?? null;
}

/** Opening cameras; those that were opened here before open by themselves, unless somebody has closed them here. */
function useOpening(cameras: CameraInfo[]) {
  const store = useStore();
  const offline = useOffline();
  const [kept, setKept] = usePreference<string[]>("camerasOpened", NOBODY);
  const [opening, setOpening] = useState<string[]>([]);
  const tried = useRef(new Set<string>());
  const open = async (ids: string[]) => {
    for (const id of ids) tried.current.add(id);
    setOpening((before) => [...before, ...ids]);
    for (const id of ids) {
      // One after the other: the first one is selected if none is.
      await store.openCamera(id);
      setOpening((before) => before.filter((one) => one !== id));
    }
  };
  const wanted = cameras
    .filter((camera) => kept.includes(camera.camera_id) && !camera.open)
    .map((one) => one.camera_id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each camera, as soon as it is there
  useEffect(() => {
    const ids = wanted.filter((id) => !tried.current.has(id));
    if (offline === null && ids.length > 0) void open(ids);
  }, [offline, wanted.join()]);
  const keep = (ids: string[]) => {
    setKept([...new Set([...kept, ...ids])]);
    void open(ids);
  };
  return {
    opening,
    openAll: () => keep(cameras.filter((camera) => !camera.open).map(({ camera_id }) => camera_id)),
    keepOpen: (id: string) => keep([id]),
  };
}
