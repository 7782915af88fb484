"use client";

import { useEffect, useState } from "react";
import type { ImageFile } from "@/lib/protocol";
import { useConnected, useStore } from "../RigProvider";
import styles from "./ShutterBar.module.css";

/** Names mostly hold the time: one that is older than this would not be the next one's. */
const FRESH_MS = 5000;
/** Names differ at their end: that many letters are never cut away. */
const TAIL = 19;

/** The name that the next shot will have. */
export function NextName({ last }: { last: ImageFile | null }) {
  const { service } = useStore();
  const connected = useConnected();
  const [name, setName] = useState<string | null>(null);
  // After each shot a counter in the name has gone on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (!connected) return;
    let current = true;
    const ask = () => {
      if (document.visibilityState === "hidden") return;
      service
        .request("GET_NAMING", {})
        .then((naming) => current && setName(naming.capture_example))
        // A name that cannot be foretold is no trouble for the photographer.
        .catch(() => current && setName(null));
    };
    ask();
    const timer = setInterval(ask, FRESH_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [service, connected, last?.path]);
  if (name === null) return null;
  return (
    <p className={styles.next} title={`The next shot is named ${name}`} data-testid="next-name">
      <span className={styles.quiet}>Next:</span>
      <span className={styles.nameHead}>{name.slice(0, -TAIL)}</span>
      <span>{name.slice(-TAIL)}</span>
    </p>
  );
}
