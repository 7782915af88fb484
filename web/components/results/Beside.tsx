"use client";

import { useEffect, useId } from "react";
import { LAYER_NAMES, LAYERS, type Layer, resultOf } from "@/lib/results";
import type { Surface } from "@/lib/surface";
import { useSet } from "../gallery/useSet";
import styles from "./Panels.module.css";
import { useRecentSets } from "./useRecentSets";
import { useSurface } from "./useSurface";

export interface BesideChoice {
  layer: Layer | null;
  /** Another set; null for the one that is shown. */
  setName: string | null;
}

interface Props {
  choice: BesideChoice;
  setName: string;
  onChoice: (choice: BesideChoice) => void;
  onSurface: (surface: Surface | null) => void;
}

/** What lies on the other side of the wipe: another layer, or another set under the same light. */
export function Beside({ choice, setName, onChoice, onSurface }: Props) {
  const id = useId();
  const { sets } = useRecentSets();
  const others = (sets ?? []).filter(({ name }) => name !== setName);
  const shown = others.filter(({ results }) => results.includes("surface"));
  const missing = choice.setName !== null && !shown.some(({ name }) => name === choice.setName);
  return (
    <section className={styles.panel} aria-labelledby={`${id}-head`}>
      <div className={styles.head}>
        <h2 id={`${id}-head`}>Compare</h2>
      </div>
      <div className={styles.select}>
        <label htmlFor={`${id}-layer`}>With layer</label>
        <select
          id={`${id}-layer`}
          value={choice.layer ?? ""}
          onChange={({ target }) => {
            const layer = LAYERS.find((one) => one === target.value) ?? null;
            onChoice({ layer, setName: layer ? choice.setName : null });
          }}
        >
          <option value="">Nothing</option>
          {LAYERS.map((layer) => (
            <option key={layer} value={layer}>
              {LAYER_NAMES[layer]}
            </option>
          ))}
        </select>
      </div>
      <div className={styles.select}>
        <label htmlFor={`${id}-set`}>Of set</label>
        <select
          id={`${id}-set`}
          value={choice.setName ?? ""}
          onChange={({ target }) => {
            const name = target.value || null;
            onChoice({ layer: choice.layer ?? (name ? "relit" : null), setName: name });
          }}
        >
          <option value="">This one</option>
          {missing && <option value={choice.setName!}>{choice.setName}</option>}
          {shown.map(({ name, catalogue_number }) => (
            <option key={name} value={name}>
              {catalogue_number ? `${catalogue_number} · ${name}` : name}
            </option>
          ))}
        </select>
      </div>
      {choice.setName && <OtherSet key={choice.setName} name={choice.setName} onSurface={onSurface} />}
    </section>
  );
}

function OtherSet({ name, onSurface }: { name: string; onSurface: (surface: Surface | null) => void }) {
  const { details, missing } = useSet(name);
  const { surface, problem } = useSurface(details);
  useEffect(() => {
    onSurface(surface);
    return () => onSurface(null);
  }, [surface, onSurface]);
  if (surface) return null;
  const none = details !== null && resultOf(details.manifest) === null;
  const words = missing ? "This set is not there." : none ? "This set has no surface yet." : (problem ?? "Opening…");
  return (
    <p className={styles.say} role="status">
      {words}
    </p>
  );
}
