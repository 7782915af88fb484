"use client";

import type { KeyboardEvent, Ref } from "react";
import { neighbour, shown } from "@/lib/config";
import type { ConfigEntry } from "@/lib/protocol";
import { useStore, useWrite } from "../RigProvider";
import { Icon } from "../ui/Icon";
import styles from "./SettingStepper.module.css";

interface Props {
  cameraId: string;
  entry: ConfigEntry;
  label: string;
  alias: string;
  hint: string;
  /** Why settings cannot be changed now. */
  reason: string | null;
  ref?: Ref<HTMLSelectElement>;
}

/** One setting to step through: what is wanted, whether the camera took it, and its own words where it did not. */
export function SettingStepper({ cameraId, entry, label, alias, hint, reason, ref }: Props) {
  const { writes } = useStore();
  const write = useWrite(cameraId, entry.path);
  const value = String(write?.state === "pending" ? write.wanted : (entry.value ?? ""));
  const fixed = entry.readonly || reason !== null;
  const at = entry.options.indexOf(value);
  const want = (next: string) => {
    if (!fixed && next !== value) writes.want(cameraId, entry.path, next);
  };
  const step = (steps: number) => want(neighbour(entry.options, value, steps));
  const byKeys = (event: KeyboardEvent<HTMLSelectElement>) => {
    if (event.key === "Escape") event.currentTarget.blur();
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (!steps) return;
    event.preventDefault();
    step(steps);
  };
  const why = entry.readonly ? "The camera sets this itself." : (reason ?? undefined);
  return (
    <div className={styles.stepper} data-state={write?.state} title={why}>
      <div className={styles.head}>
        <span className={styles.label} id={`label-${alias}`}>
          {label}
        </span>
        {hint && (
          <span className={styles.key} aria-hidden="true">
            {hint.toUpperCase()}
          </span>
        )}
        <WriteMark state={write?.state} />
      </div>
      <div className={styles.row}>
        <button
          type="button"
          onClick={() => step(-1)}
          disabled={fixed || at === 0}
          aria-label={`${label}: previous value`}
        >
          <Icon name="left" />
        </button>
        <select
          ref={ref}
          value={value}
          disabled={fixed}
          aria-labelledby={`label-${alias}`}
          aria-describedby={write?.message ? `message-${alias}` : undefined}
          onChange={(event) => want(event.target.value)}
          onKeyDown={byKeys}
        >
          {at < 0 && <option value={value}>{value === "" ? "–" : shown(alias, value)}</option>}
          {entry.options.map((option) => (
            <option key={option} value={option}>
              {shown(alias, option)}
            </option>
          ))}
        </select>
        <button
          type="button"
          onClick={() => step(1)}
          disabled={fixed || at === entry.options.length - 1}
          aria-label={`${label}: next value`}
        >
          <Icon name="right" />
        </button>
      </div>
      {write?.message && (
        <p className={styles.message} id={`message-${alias}`} role="alert">
          {write.message}
        </p>
      )}
    </div>
  );
}

export function WriteMark({ state }: { state: "pending" | "confirmed" | "rejected" | undefined }) {
  if (state === "pending") return <span className={styles.pending}>setting…</span>;
  if (state === "confirmed") {
    return (
      <span className={styles.confirmed}>
        <Icon name="check" size={16} />
        <span className="visually-hidden">set</span>
      </span>
    );
  }
  if (state === "rejected") return <span className={styles.rejected}>refused</span>;
  return null;
}
