"use client";

import { useState } from "react";
import { type Shot, shootAll } from "@/services/together";
import { useStore } from "../RigProvider";

export type Trigger = "line" | "software";

/** One shutter for several cameras, and what its last press gave. */
export function useShootAll(trigger: Trigger | null) {
  const store = useStore();
  const [shooting, setShooting] = useState<string[]>([]);
  const [shot, setShot] = useState<Shot | null>(null);
  const press = async (cameras: string[]) => {
    if (shooting.length > 0) return;
    setShooting(cameras);
    setShot(null);
    try {
      setShot(await shootAll(store.service, cameras, trigger));
    } catch (error) {
      store.complain(error);
    } finally {
      setShooting([]);
    }
  };
  return { shooting, shot, press };
}
