"use client";

import { useCallback, useEffect, useState } from "react";
import { afterChange } from "@/lib/objects";
import type { QueuedObject } from "@/lib/protocol";
import { useConnected, useStore } from "../RigProvider";

/** Every object of the queue, kept fresh; null until it is known. */
export function useObjects(): QueuedObject[] | null {
  const store = useStore();
  const connected = useConnected();
  const [objects, setObjects] = useState<QueuedObject[] | null>(null);
  const look = useCallback(() => {
    store.service
      .request("LIST_OBJECTS", {})
      .then((list) => setObjects(list.objects))
      .catch((error) => store.complain(error));
  }, [store]);
  useEffect(() => {
    if (connected) look();
  }, [connected, look]);
  useEffect(
    () =>
      store.service.on("objects_changed", (change) => {
        if (change.listed) look();
        else setObjects((known) => known && afterChange(known, change));
      }),
    [store, look],
  );
  return objects;
}
