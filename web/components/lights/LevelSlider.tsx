"use client";

import { useEffect, useRef, useState } from "react";
import { lightLabel } from "@/lib/format";
import type { LightInfo } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import styles from "./LevelSlider.module.css";

const WHEEL_STEP = 5;

/** How bright a light is: dragged, turned with the wheel, or by the arrow keys. */
export function LevelSlider({ light, level, reason }: { light: LightInfo; level: number; reason: string | null }) {
  const store = useStore();
  const [dragged, setDragged] = useState<number | null>(null);
  const waiting = useRef<number | null>(null);
  const asking = useRef(false);
  const told = level > 0 ? level : light.on_level;
  const shown = Math.round((dragged ?? told) * 100);
  // One request at a time: what is dragged meanwhile is asked for when the lamp has answered.
  const ask = async () => {
    asking.current = true;
    while (waiting.current !== null) {
      const wanted = waiting.current;
      waiting.current = null;
      const request = { light_name: light.name, state: true, level: wanted };
      await store.service.request("SET_LIGHT_STATE", request).catch((error) => store.complain(error));
    }
    asking.current = false;
    setDragged(null);
  };
  const change = (percent: number) => {
    const wanted = Math.min(100, Math.max(1, Math.round(percent))) / 100;
    setDragged(wanted);
    waiting.current = wanted;
    if (!asking.current) void ask();
  };
  const slider = useRef<HTMLInputElement>(null);
  const turn = useRef(change);
  turn.current = (steps) => change(shown + steps);
  const off = reason !== null;
  useEffect(() => {
    const input = slider.current;
    if (!input || off) return;
    const onWheel = (event: WheelEvent) => {
      // The page scrolls unless the slider has the focus.
      if (document.activeElement !== input || event.deltaY === 0) return;
      event.preventDefault();
      turn.current(event.deltaY < 0 ? WHEEL_STEP : -WHEEL_STEP);
    };
    input.addEventListener("wheel", onWheel, { passive: false });
    return () => input.removeEventListener("wheel", onWheel);
  }, [off]);
  return (
    <span className={styles.level} data-on={level > 0 || undefined}>
      <input
        ref={slider}
        type="range"
        min={1}
        max={100}
        value={shown}
        disabled={off}
        aria-label={`Level of ${lightLabel(light.name)}`}
        aria-valuetext={`${shown} %`}
        onChange={(event) => change(Number(event.target.value))}
      />
      <output>{shown} %</output>
    </span>
  );
}
