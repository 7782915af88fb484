"use client";

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type Direction, spotOf } from "@/lib/dome";
import { lightLabel } from "@/lib/format";
import type { LightInfo } from "@/lib/protocol";
import { Button } from "../ui/Button";
import { useKeys } from "../useKeys";
import styles from "./LampStrip.module.css";
import { LevelSlider } from "./LevelSlider";
import { useLamps } from "./useLamps";

/** The lamps in a row beside the picture: one press shows another lamp, `,` and `.` go through them. */
export function LampStrip() {
  const { lights, states, levels, on, reason, set, pick, step } = useLamps();
  const [several, setSeveral] = useState(false);
  const [reached, setReached] = useState<string | null>(null);
  const row = useRef<HTMLDivElement>(null);
  useKeys({ ",": () => step(-1), ".": () => step(1) });
  const lit = lights.find(({ name }) => states[name])?.name ?? null;
  useEffect(() => {
    if (lit !== null && row.current) showIn(row.current, chipOf(row.current, lit));
  }, [lit]);
  if (lights.length === 0) return null;
  const alone = on === 1 ? lights.find(({ name }) => states[name]) : undefined;
  const tabbable = lights.some(({ name }) => name === reached) ? reached : lights[0]!.name;
  const move = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = lights[lights.findIndex(({ name }) => name === tabbable) + by];
    if (next) chipOf(row.current!, next.name)?.focus();
  };
  return (
    <div className={styles.strip} role="group" aria-label="Lamps">
      <Button
        tone="quiet"
        icon="left"
        reason={reason}
        aria-label="Previous lamp"
        title="Previous lamp (,)"
        onClick={() => step(-1)}
      />
      <Button
        tone="quiet"
        icon="right"
        reason={reason}
        aria-label="Next lamp"
        title="Next lamp (.)"
        onClick={() => step(1)}
      />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons in it */}
      <div className={styles.row} ref={row} data-own-keys onKeyDown={move}>
        {lights.map((light) => (
          <button
            key={light.name}
            type="button"
            className={styles.lamp}
            data-lamp={light.name}
            data-fault={light.fault ? true : undefined}
            aria-pressed={states[light.name] ?? false}
            aria-disabled={reason !== null || undefined}
            tabIndex={light.name === tabbable ? 0 : -1}
            title={reason ?? light.fault ?? "Alone; with Shift beside the others"}
            onFocus={() => setReached(light.name)}
            onClick={(event) => reason === null && pick(light.name, event.shiftKey || several)}
          >
            <Place light={light} />
            <span>{lightLabel(light.name)}</span>
          </button>
        ))}
      </div>
      {alone?.dims && (
        <div className={styles.dimmer}>
          <LevelSlider key={alone.name} light={alone} level={levels[alone.name] ?? 1} reason={reason} />
        </div>
      )}
      <Button
        tone="quiet"
        icon="plus"
        aria-pressed={several}
        aria-label="Several lamps"
        title="Several lamps at once"
        onClick={() => setSeveral(!several)}
      />
      <Button
        tone="quiet"
        icon="off"
        reason={reason}
        disabled={on === 0}
        aria-label="All lamps off"
        title="All lamps off"
        onClick={() => set({}, true)}
      />
    </div>
  );
}

/** Where a lamp stands on the dome, as small as a letter. */
function Place({ light }: { light: LightInfo }) {
  const spot = light.direction && spotOf(light.direction as Direction);
  return (
    <svg width="18" height="18" viewBox="-10 -10 20 20" aria-hidden="true" focusable="false">
      <circle r="8.5" fill="none" stroke="currentColor" opacity="0.5" />
      {spot && <circle cx={spot.x * 7} cy={spot.y * 7} r="3" fill="currentColor" />}
    </svg>
  );
}

function chipOf(row: HTMLElement, name: string): HTMLElement | null {
  return row.querySelector<HTMLElement>(`[data-lamp="${CSS.escape(name)}"]`);
}

/** Scroll the row alone and not the page around it. */
function showIn(row: HTMLElement, chip: HTMLElement | null): void {
  if (chip) row.scrollTo({ left: chip.offsetLeft - (row.clientWidth - chip.offsetWidth) / 2 });
}
