"use client";

import { useEffect, useRef, useState } from "react";
import { duration, lightLabel } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import { currentSet } from "@/services/RigStore";
import { useRig } from "../RigProvider";
import styles from "./Blackout.module.css";

const IDLE_MS = 4000;

/**
 * The screen is itself a light source: while a set is exposed it goes black, with little dim red text. Any key or tap
 * wakes it; that first touch does nothing else.
 */
export function Blackout() {
  const job = useRig(currentSet);
  const [wanted] = usePreference("blackout", true);
  const [black, setBlack] = useState(false);
  const running = job?.state === "running" && wanted;
  const cover = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!running) {
      setBlack(false);
      return;
    }
    let timer = setTimeout(() => setBlack(true), IDLE_MS);
    const stay = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setBlack(!document.querySelector("dialog[open]")), IDLE_MS);
    };
    for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"])
      document.addEventListener(kind, stay, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) document.removeEventListener(kind, stay);
    };
  }, [running]);
  useEffect(() => {
    if (!black) return;
    const before = document.activeElement;
    cover.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [black]);
  if (!black || !job) return null;
  return (
    <button
      ref={cover}
      type="button"
      className={styles.blackout}
      data-testid="blackout"
      onClick={() => setBlack(false)}
      onKeyDown={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setBlack(false);
      }}
    >
      <span className={styles.numbers}>
        {job.index} / {job.total}
      </span>
      <span className={styles.words}>
        {job.current_light ? lightLabel(job.current_light) : "ambient"}
        {job.seconds_left !== null && ` · ${duration(job.seconds_left)}`}
      </span>
      <span className={styles.words}>tap to wake</span>
    </button>
  );
}
