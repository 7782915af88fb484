"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { COMMON, findEntry } from "@/lib/config";
import type { CameraStatus, ConfigEntry } from "@/lib/protocol";
import { useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { SettingStepper } from "./SettingStepper";
import styles from "./SettingsPanel.module.css";

const ConfigTree = dynamic(() => import("./ConfigTree").then((part) => part.ConfigTree), { ssr: false });
const PresetsDialog = dynamic(() => import("./PresetsDialog").then((part) => part.PresetsDialog), { ssr: false });

const NONE: ConfigEntry[] = [];

interface Props {
  camera: CameraStatus | null;
  reason: string | null;
  /** Filled with what picks each setting, by its key. */
  picks: Record<string, () => void>;
}

/** Give a setting the arrow keys, until the focus goes elsewhere. */
function pick(select: HTMLSelectElement | null): void {
  if (!select) return;
  select.dataset.picked = "true";
  select.addEventListener("blur", () => delete select.dataset.picked, { once: true });
  select.focus();
}

/** The settings that matter while shooting; all others one press away. */
export function SettingsPanel({ camera, reason, picks }: Props) {
  const entries = useRig((rig) => (camera ? rig.config[camera.camera_id] : undefined)) ?? NONE;
  const [open, setOpen] = useState<"tree" | "presets" | null>(null);
  if (!camera) return null;
  const found = COMMON.flatMap((common) => {
    const entry = findEntry(entries, common.alias);
    return entry ? [{ ...common, entry }] : [];
  });
  return (
    <section aria-label="Camera settings">
      <div className={styles.settings}>
        {found.map(({ alias, label, key, entry }) => (
          <SettingStepper
            key={alias}
            cameraId={camera.camera_id}
            entry={entry}
            alias={alias}
            label={label}
            hint={key}
            reason={reason}
            ref={(select) => {
              if (key) picks[key] = () => pick(select);
            }}
          />
        ))}
        {entries.length === 0 && <p className={styles.reading}>Reading the camera's settings…</p>}
      </div>
      <div className={styles.more}>
        <Button icon="list" onClick={() => setOpen("tree")}>
          All settings
        </Button>
        <Button icon="preset" onClick={() => setOpen("presets")}>
          Presets
        </Button>
      </div>
      {open === "tree" && (
        <ConfigTree camera={camera} entries={entries} reason={reason} onClose={() => setOpen(null)} />
      )}
      {open === "presets" && (
        <PresetsDialog camera={camera} entries={entries} reason={reason} onClose={() => setOpen(null)} />
      )}
    </section>
  );
}
