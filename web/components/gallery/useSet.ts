"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { SetDetails } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { useConnected, useImageNews, useStore } from "../RigProvider";

/** A set with its manifest, read again whenever the server says that it changed. */
export function useSet(name: string) {
  const store = useStore();
  const connected = useConnected();
  const [details, setDetails] = useState<SetDetails | null>(null);
  const [missing, setMissing] = useState(false);
  const asking = useRef<{ name: string; again: boolean; done: Promise<void> } | null>(null);
  const ask = useCallback(async () => {
    try {
      const found = await store.service.request("GET_IMAGE_SET", { set_name: name });
      if (asking.current?.name !== name) return;
      setDetails(found);
      setMissing(false);
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "set_not_found") setMissing(true);
      else store.complain(error);
    }
  }, [store, name]);
  // However fast its frames come, a set is on its way here only once.
  const reload = useCallback((): Promise<void> => {
    const under = asking.current;
    if (under?.name === name) {
      under.again = true;
      return under.done;
    }
    const mine = { name, again: true, done: Promise.resolve() };
    asking.current = mine;
    mine.done = (async () => {
      while (mine.again) {
        mine.again = false;
        await ask();
      }
      if (asking.current === mine) asking.current = null;
    })();
    return mine.done;
  }, [ask, name]);
  useImageNews();
  useEffect(() => {
    if (connected) void reload();
  }, [connected, reload]);
  useEffect(
    () =>
      store.service.on("sets_changed", ({ set_name, new_name }) => {
        if (set_name === name || new_name === name) void reload();
      }),
    [store, name, reload],
  );
  return { details, missing, reload };
}
