"use client";

import { type FormEvent, useState } from "react";
import { type Change, differences, type Preset, presetOf } from "@/lib/config";
import { plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { CameraStatus, ConfigEntry } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./PresetsDialog.module.css";

interface Props {
  camera: CameraStatus;
  entries: ConfigEntry[];
  reason: string | null;
  onClose: () => void;
}

type Presets = Record<string, Preset>;

/** Sets of settings that this browser keeps for a camera model; what applying one changes is shown first. */
export function PresetsDialog({ camera, entries, reason, onClose }: Props) {
  const { writes } = useStore();
  const [presets, setPresets] = usePreference<Presets>(`presets.${camera.model}`, {});
  const [open, setOpen] = useState<string | null>(null);
  const names = Object.keys(presets).sort((a, b) => a.localeCompare(b));
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    event.currentTarget.reset();
    if (name) setPresets({ ...presets, [name]: presetOf(entries) });
  };
  const forget = (name: string) => {
    const { [name]: _, ...others } = presets;
    setPresets(others);
  };
  const apply = (changes: Change[]) => {
    for (const { entry, wanted } of changes) writes.want(camera.camera_id, entry.path, wanted);
  };
  return (
    <Dialog title="Presets" onClose={onClose}>
      <p>A preset keeps all settings of the {camera.model} as they are now. It stays in this browser.</p>
      <form className={styles.save} onSubmit={save}>
        <input name="name" aria-label="Name of the new preset" placeholder="Coins, f/8" required maxLength={60} />
        <Button type="submit" tone="main">
          Keep these settings
        </Button>
      </form>
      <ul className={styles.list}>
        {names.map((name) => {
          const changes = differences(entries, presets[name]!);
          return (
            <li key={name}>
              <button
                type="button"
                className={styles.name}
                aria-expanded={open === name}
                onClick={() => setOpen(open === name ? null : name)}
              >
                <span>{name}</span>
                <span>{changes.length === 0 ? "as it is now" : plural(changes.length, "difference")}</span>
              </button>
              {open === name && (
                <div className={styles.detail}>
                  <Differences changes={changes} />
                  <div className={styles.buttons}>
                    <Button tone="quiet" icon="trash" onClick={() => forget(name)}>
                      Forget
                    </Button>
                    <Button tone="main" reason={reason} disabled={changes.length === 0} onClick={() => apply(changes)}>
                      Apply
                    </Button>
                  </div>
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

function Differences({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return <p>Nothing would change.</p>;
  return (
    <table className={styles.differences}>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Now</th>
          <th scope="col">Preset</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ entry, wanted }) => (
          <tr key={entry.path}>
            <th scope="row">{entry.label}</th>
            <td>{String(entry.value)}</td>
            <td>{String(wanted)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
