"use client";

import { useEffect, useState } from "react";
import type { CapturesChange, ImageFile } from "@/lib/protocol";
import { changed } from "@/lib/sets";
import { useConnected, useRig, useStore } from "../RigProvider";

const MOST = 1000;

/** Every single capture, the newest first; until the server has told them all, those that the store keeps, or null. */
export function useAllCaptures(): ImageFile[] | null {
  const store = useStore();
  const connected = useConnected();
  const recent = useRig((rig) => rig.captures);
  const [all, setAll] = useState<ImageFile[] | null>(null);
  useEffect(() => {
    if (!connected) return;
    let current = true;
    let asking = false;
    let again = false;
    let meanwhile: CapturesChange[] = [];
    const load = async () => {
      again = asking;
      if (asking) return;
      asking = true;
      meanwhile = [];
      try {
        const told = await store.service.request("LIST_CAPTURES", { limit: MOST });
        if (current) setAll(meanwhile.reduce(changed, told));
      } catch (error) {
        store.complain(error);
      }
      asking = false;
      if (again && current) void load();
    };
    void load();
    const end = store.service.on("captures_changed", (change) => {
      if (asking) meanwhile.push(change);
      setAll((before) => before && changed(before, change));
      // Where a restored one belongs only the server knows.
      if (change.change === "restored") void load();
    });
    return () => {
      current = false;
      end();
    };
  }, [store, connected]);
  return all ?? (recent.length > 0 ? recent : null);
}
