"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { ImageSet } from "@/lib/protocol";
import { useConnected, useImageNews, useStore } from "../RigProvider";

/** Sets that the strip offers. */
const SHOWN = 40;

export interface RecentSets {
  /** Null until they are known. */
  sets: ImageSet[] | null;
  /** The set to begin with; null where there is none, or none is known yet. */
  first: string | null;
}

/** The newest sets, kept fresh, and which of them the screen begins with. */
export function useRecentSets(): RecentSets {
  const store = useStore();
  const connected = useConnected();
  const [sets, setSets] = useState<ImageSet[] | null>(null);
  const asking = useRef({ busy: false, again: false });
  useImageNews();
  const ask = useCallback(async () => {
    if (asking.current.busy) {
      asking.current.again = true;
      return;
    }
    asking.current.busy = true;
    try {
      do {
        asking.current.again = false;
        const page = await store.service.request("LIST_IMAGE_SETS", { limit: SHOWN, order: "newest" });
        setSets("sets" in page ? page.sets : page);
      } while (asking.current.again);
    } catch (error) {
      store.complain(error);
    } finally {
      asking.current.busy = false;
    }
  }, [store]);
  useEffect(() => {
    if (connected) void ask();
  }, [connected, ask]);
  useEffect(() => store.service.on("sets_changed", () => void ask()), [store, ask]);
  return { sets, first: sets && firstOf(sets) };
}

/** The newest set with a surface, else the newest that was finished, else the newest one. */
export function firstOf(sets: readonly ImageSet[]): string | null {
  const finished = ({ status }: ImageSet) => status === "completed" || status === null;
  const first = sets.find(({ results }) => results.includes("surface")) ?? sets.find(finished) ?? sets[0];
  return first?.name ?? null;
}
