"use client";

import { useEffect, useState } from "react";
import { captureNamePreview } from "@/lib/naming";
import type { ImageFile, Naming } from "@/lib/protocol";
import { useConnected, useStore } from "../RigProvider";
import styles from "./ShutterBar.module.css";

/** Names mostly hold the time, which goes on. */
const TICK_MS = 1000;
/** Names differ at their end: that many letters are never cut away. */
const TAIL = 19;

/** The name that the next shot will have. */
export function NextName({ last }: { last: ImageFile | null }) {
  const { service } = useStore();
  const connected = useConnected();
  const [told, setTold] = useState<{ naming: Naming; at: number } | null>(null);
  const [now, setNow] = useState(0);
  // After each shot a counter in the name has gone on; all else that changes by itself is the time.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (!connected) return;
    let current = true;
    service
      .request("GET_NAMING", {})
      .then((naming) => current && setTold({ naming, at: Date.now() }))
      // A name that cannot be foretold is no trouble for the photographer.
      .catch(() => current && setTold(null));
    return () => {
      current = false;
    };
  }, [service, connected, last?.path]);
  useEffect(() => {
    if (told === null) return;
    const tick = () => setNow(Date.now());
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, [told]);
  const name = told && captureNamePreview(told.naming, Math.max(0, now - told.at));
  if (name === null) return null;
  return (
    <p className={styles.next} title={`The next shot is named ${name}`} data-testid="next-name">
      <span className={styles.quiet}>Next:</span>
      <span className={styles.nameHead}>{name.slice(0, -TAIL)}</span>
      <span>{name.slice(-TAIL)}</span>
    </p>
  );
}
