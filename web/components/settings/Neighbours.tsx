"use client";

import { useEffect, useState } from "react";
import type { Neighbour } from "@/lib/protocol";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Section } from "./Section";
import styles from "./SettingsScreen.module.css";

/** Between two looks: rigs come and go slowly. */
const PAUSE_MS = 10_000;

/** The other rigs on the network; nothing where there are none. */
export function Neighbours() {
  const store = useStore();
  const offline = useOffline("read");
  const able = useRig((rig) => rig.server?.features.includes("neighbours") ?? false);
  const [rigs, setRigs] = useState<Neighbour[]>([]);
  useEffect(() => {
    if (!able || offline) return;
    let left = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const found = await store.service.request("GET_NEIGHBOURS", {});
        if (!left) setRigs(found.neighbours);
      } catch (error) {
        store.complain(error);
        return;
      }
      if (!left) timer = setTimeout(look, PAUSE_MS);
    };
    void look();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [store, able, offline]);
  if (rigs.length === 0) return null;
  return (
    <Section title="Other rigs">
      <ul className={styles.rigs}>
        {rigs.map(({ id, name, url }) => (
          <li key={id}>
            <a className={styles.link} href={url}>
              {name}
            </a>
            <span className={styles.soft}>{new URL(url).host}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
