"use client";

import { useState } from "react";
import { sectionsOf } from "@/lib/config";
import type { CameraStatus, ConfigEntry } from "@/lib/protocol";
import { useStore, useWrite } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./ConfigTree.module.css";
import { WriteMark } from "./SettingStepper";

interface Props {
  camera: CameraStatus;
  entries: ConfigEntry[];
  reason: string | null;
  onClose: () => void;
}

/** Every setting of the camera, in the camera's own order, to be searched. */
export function ConfigTree({ camera, entries, reason, onClose }: Props) {
  const [search, setSearch] = useState("");
  const sections = sectionsOf(entries, search);
  return (
    <Dialog title={`All settings of ${camera.model}`} onClose={onClose} wide>
      <div className={styles.search}>
        <input
          type="search"
          placeholder="Search settings"
          aria-label="Search settings"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {reason && <p className={styles.reason}>{reason} Settings can be read but not changed.</p>}
      {sections.length === 0 && <p className={styles.none}>No setting matches “{search}”.</p>}
      {sections.map(({ name, entries: found }) => (
        <section key={name} className={styles.section}>
          <h3>{name}</h3>
          {found.map((entry) => (
            <EntryRow key={entry.path} cameraId={camera.camera_id} entry={entry} reason={reason} />
          ))}
        </section>
      ))}
    </Dialog>
  );
}

function EntryRow({ cameraId, entry, reason }: { cameraId: string; entry: ConfigEntry; reason: string | null }) {
  const write = useWrite(cameraId, entry.path);
  return (
    <div className={styles.row}>
      <div className={styles.name}>
        <span>{entry.label}</span>
        <span className={styles.path}>{entry.name}</span>
      </div>
      <div className={styles.value}>
        <EntryValue cameraId={cameraId} entry={entry} fixed={entry.readonly || reason !== null} />
        <WriteMark state={write?.state} />
      </div>
      {write?.message && (
        <p className={styles.message} role="alert">
          {write.message}
        </p>
      )}
    </div>
  );
}

/** A value with the control that fits its type. */
function EntryValue({ cameraId, entry, fixed }: { cameraId: string; entry: ConfigEntry; fixed: boolean }) {
  const { writes } = useStore();
  const write = useWrite(cameraId, entry.path);
  const value = write?.state === "pending" ? write.wanted : entry.value;
  const want = (next: string | number | boolean) => writes.want(cameraId, entry.path, next);
  const label = entry.label;
  if (entry.type === "button") {
    return (
      <Button disabled={fixed} onClick={() => want(true)}>
        Do it
      </Button>
    );
  }
  if (entry.readonly) return <span className={styles.fixed}>{shownValue(entry)}</span>;
  switch (entry.type) {
    case "menu":
      return (
        <select
          aria-label={label}
          value={String(value ?? "")}
          disabled={fixed}
          onChange={(event) => want(event.target.value)}
        >
          {!entry.options.includes(String(value ?? "")) && (
            <option value={String(value ?? "")}>{String(value ?? "–")}</option>
          )}
          {entry.options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      );
    case "toggle":
      return (
        <input
          type="checkbox"
          aria-label={label}
          checked={value === true}
          disabled={fixed}
          onChange={(event) => want(event.target.checked)}
        />
      );
    case "range":
      return (
        <span className={styles.range}>
          <input
            type="range"
            aria-label={label}
            min={entry.min ?? 0}
            max={entry.max ?? 100}
            step={entry.step || "any"}
            value={Number(value ?? 0)}
            disabled={fixed}
            onChange={(event) => want(Number(event.target.value))}
          />
          <span>{String(value ?? "–")}</span>
        </span>
      );
    default:
      return <TextValue label={label} value={value} fixed={fixed} isNumber={entry.type === "date"} onWant={want} />;
  }
}

interface TextProps {
  label: string;
  value: ConfigEntry["value"];
  fixed: boolean;
  isNumber: boolean;
  onWant: (value: string | number) => void;
}

function TextValue({ label, value, fixed, isNumber, onWant }: TextProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const send = () => {
    if (typed !== null && typed !== String(value ?? "")) onWant(isNumber ? Number(typed) : typed);
    setTyped(null);
  };
  return (
    <input
      type="text"
      aria-label={label}
      value={typed ?? String(value ?? "")}
      disabled={fixed}
      inputMode={isNumber ? "numeric" : undefined}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={send}
      onKeyDown={(event) => event.key === "Enter" && send()}
    />
  );
}

function shownValue({ value, type }: ConfigEntry): string {
  if (value === null || value === "") return "–";
  if (type === "date" && typeof value === "number") return new Date(value * 1000).toLocaleString();
  if (typeof value === "boolean") return value ? "On" : "Off";
  return String(value);
}
