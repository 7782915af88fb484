"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { ImageSet } from "@/lib/protocol";
import { resultOf } from "@/lib/results";
import type { RigStore } from "@/services/RigStore";
import { useConnected, useImageNews, useStore } from "../RigProvider";

/** Sets that the strip offers. */
const SHOWN = 40;
/** Sets whose results are looked for where lists do not tell of them. */
const LOOKED_AT = 8;

export interface RecentSets {
  /** Null until they are known. */
  sets: ImageSet[] | null;
  /** The set to begin with: the last one with a surface, else the last one that was finished; null while that is open. */
  first: string | null;
}

/** The newest sets, kept fresh, and which of them the screen begins with. */
export function useRecentSets(choose: boolean): RecentSets {
  const store = useStore();
  const connected = useConnected();
  const [sets, setSets] = useState<ImageSet[] | null>(null);
  const [first, setFirst] = useState<string | null>(null);
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
  useEffect(() => {
    if (!choose || first !== null || sets === null || sets.length === 0) return;
    let current = true;
    chosen(store, sets).then(
      (name) => current && setFirst(name),
      (error) => store.complain(error),
    );
    return () => {
      current = false;
    };
  }, [choose, first, sets, store]);
  return { sets, first };
}

async function chosen(store: RigStore, sets: ImageSet[]): Promise<string> {
  const finished = sets.filter(({ status }) => status === "completed" || status === null);
  const last = (finished[0] ?? sets[0]!).name;
  const told = sets.find((set) => kindsOf(set)?.includes("surface"));
  if (told) return told.name;
  if (kindsOf(sets[0]!) !== null) return last;
  for (const { name } of sets.slice(0, LOOKED_AT)) {
    const { manifest } = await store.service.request("GET_IMAGE_SET", { set_name: name });
    if (resultOf(manifest)) return name;
  }
  return last;
}

/** What was made of a set, as far as lists tell it. */
export function kindsOf(set: ImageSet): string[] | null {
  const { results } = set as { results?: string[] };
  return results ?? null;
}
