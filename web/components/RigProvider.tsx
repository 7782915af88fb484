"use client";

import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { socketUrl } from "@/lib/base";
import {
  awaited,
  LATER_TOPICS,
  NOTHING_KNOWN,
  offline,
  type Right,
  type RigState,
  RigStore,
  TOPICS,
} from "@/services/RigStore";
import type { ShelfState } from "@/services/SetShelf";
import type { Write } from "@/services/SettingWrites";
import { WebSocketService } from "@/services/WebSocketService";

const RigContext = createContext<RigStore | null>(null);

/** One connection for the whole application; pages come and go below it. */
export function RigProvider({ children }: { children: ReactNode }) {
  const [store] = useState(() => {
    const url = typeof window === "undefined" ? "" : socketUrl();
    return new RigStore(new WebSocketService({ url, topics: TOPICS, later: LATER_TOPICS }));
  });
  useEffect(() => {
    store.start();
    return () => store.stop();
  }, [store]);
  return <RigContext value={store}>{children}</RigContext>;
}

export function useStore(): RigStore {
  const store = useContext(RigContext);
  if (store === null) throw new Error("useStore needs a RigProvider above it");
  return store;
}

/** A part of what is known of the rig; the selector must return the same value while nothing changed. */
export function useRig<T>(select: (state: RigState) => T): T {
  const store = useStore();
  return useSyncExternalStore(
    store.subscribe,
    () => select(store.getState()),
    () => select(NOTHING_KNOWN),
  );
}

/** A setting on its way to the camera. */
export function useWrite(cameraId: string, path: string): Write | undefined {
  const { writes } = useStore();
  return useSyncExternalStore(
    writes.subscribe,
    () => writes.get(cameraId, path),
    () => undefined,
  );
}

export function useConnected(): boolean {
  return useRig((state) => state.status.state === "open");
}

/** Why nothing can be asked of the server now that needs this right, in words; null where it can. */
export function useOffline(right: Right = "control"): string | null {
  return useRig((state) => offline(state, right));
}

/** What is not known yet, in words: nothing is wrong, it only has not come. */
export function useAwaited(): string | null {
  return useRig(awaited);
}

/** Hear what happens to sets and single captures for as long as this part of the screen is there. */
export function useImageNews(): void {
  const store = useStore();
  useEffect(() => store.watchImages(), [store]);
}

/** The sets that the gallery shows. */
export function useShelf(): ShelfState {
  const { shelf } = useStore();
  return useSyncExternalStore(shelf.subscribe, shelf.getState, shelf.getState);
}
