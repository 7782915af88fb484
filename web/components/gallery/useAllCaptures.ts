"use client";

import { useEffect, useMemo, useState } from "react";
import type { ImageFile } from "@/lib/protocol";
import { useConnected, useRig, useStore } from "../RigProvider";

const MOST = 1000;
const PAUSE_MS = 120;

/** Every single capture, the newest first; until the server has told them all, those that the store keeps, or null. */
export function useAllCaptures(): ImageFile[] | null {
  const store = useStore();
  const connected = useConnected();
  const recent = useRig((rig) => rig.captures);
  const [all, setAll] = useState<ImageFile[] | null>(null);
  // A change among the last ones is also a reason to read the others again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    if (!connected) return;
    let current = true;
    const timer = setTimeout(
      () =>
        store.service.request("LIST_CAPTURES", { limit: MOST }).then(
          (captures) => current && setAll(captures),
          (error) => store.complain(error),
        ),
      PAUSE_MS,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [store, connected, recent]);
  return useMemo(() => {
    if (all === null) return recent.length > 0 ? recent : null;
    const fresh = new Map(recent.map((file) => [file.path, file]));
    return all.map((file) => fresh.get(file.path) ?? file);
  }, [all, recent]);
}
