"use client";

import { apart } from "@/lib/together";
import type { Shot } from "@/services/together";
import shutter from "../capture/ShutterBar.module.css";
import { Field } from "../ui/Field";
import styles from "./CamerasScreen.module.css";
import type { Trigger } from "./useShootAll";

interface Props {
  /** How many cameras take part, of how many that are open. */
  count: number;
  of: number;
  shooting: boolean;
  shot: Shot | null;
  names: Record<string, string>;
  reason: string | null;
  trigger: Trigger | null;
  onTrigger: (trigger: Trigger | null) => void;
  onPress: () => void;
}

/** The shutter of all cameras, what releases them, and what came of the last press. */
export function ShootAll({ count, of, shooting, shot, names, reason, trigger, onTrigger, onPress }: Props) {
  const who = count === of ? (of === 1 ? "1 camera" : `All ${of} cameras`) : `${count} of ${of} cameras`;
  return (
    <section className={styles.shoot} aria-label="Shutter">
      <button
        type="button"
        className={shutter.shutter}
        aria-label={shooting ? "Capturing" : "Shoot all"}
        aria-disabled={reason !== null || shooting || undefined}
        title={reason ?? "Shoot all (Space)"}
        data-capturing={shooting || undefined}
        onClick={onPress}
      >
        <span />
      </button>
      <p className={styles.who}>{reason ?? who}</p>
      <Field label="Released by">
        {(control) => (
          <select
            {...control}
            value={trigger ?? ""}
            onChange={(event) => onTrigger((event.target.value || null) as Trigger | null)}
          >
            <option value="">lines, else software</option>
            <option value="line">lines only</option>
            <option value="software">software</option>
          </select>
        )}
      </Field>
      <div className={styles.result} role="status" data-testid="together-result">
        {shot && <ShotWords shot={shot} names={names} />}
      </div>
    </section>
  );
}

function ShotWords({ shot, names }: { shot: Shot; names: Record<string, string> }) {
  const { result, error, hint, failures } = shot;
  if (result === null) {
    const [camera] = Object.keys(failures);
    return (
      <>
        <p>Nothing was released.</p>
        <p className={styles.failed}>
          {camera ? `${names[camera] ?? camera}: ` : ""}
          {error} {hint}
        </p>
      </>
    );
  }
  const missing = Object.keys(failures).length;
  return (
    <>
      <p>
        {result.frames.length - missing} of {result.frames.length} gave a picture, released{" "}
        {result.trigger === "line" ? "by lines" : "by software"}
        {result.frames.length > 1 ? `, ${apart(result.skew_ms)}` : ""}.
      </p>
      {error && <p className={styles.failed}>{error}</p>}
    </>
  );
}
