"use client";

import { useEffect, useRef, useState } from "react";
import { anglesOf } from "@/lib/dome";
import { lightLabel } from "@/lib/format";
import type { LightInfo, LightStates } from "@/lib/protocol";
import { currentSet } from "@/services/RigStore";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import { Icon } from "../ui/Icon";
import { SplitScreen } from "../ui/SplitScreen";
import { DomeMap } from "./DomeMap";
import styles from "./LightsScreen.module.css";
import { RigEditor } from "./RigEditor";

const WALK_MS = 700;
const BLINKS = 3;
const BLINK_MS = 350;
const WHEEL_STEP = 5;

/** The dome with its lights, to switch and to name them. */
export function LightsScreen() {
  const lights = useRig((rig) => rig.lights);
  const [editing, setEditing] = useState(false);
  useEffect(() => setEditing(window.location.hash === "#edit"), []);
  if (!lights) return <EmptyState whole icon="lights" title="Asking for the lights" />;
  if (editing) return <RigEditor lights={lights.lights} onDone={() => setEditing(false)} />;
  return <LightDesk lights={lights} onEdit={() => setEditing(true)} />;
}

function LightDesk({ lights, onEdit }: { lights: LightStates; onEdit: () => void }) {
  const store = useStore();
  const reason = useLightsReason();
  const [several, setSeveral] = useState(false);
  const { walking, walk, blink, blinking } = useShow(lights);
  const set = (states: Record<string, boolean>, others_off = false) => {
    if (reason === null)
      store.service.request("SET_LIGHT_STATES", { states, others_off }).catch((error) => store.complain(error));
  };
  const pick = (name: string, add: boolean) => {
    const on = lights.states[name] ?? false;
    const alone = on && Object.values(lights.states).filter(Boolean).length === 1;
    if (add || several) set({ [name]: !on });
    else set({ [name]: !alone }, true);
  };
  const on = Object.values(lights.states).filter(Boolean).length;
  const dome = lights.lights.map(({ name, direction, fault }) => ({
    name,
    direction,
    fault,
    on: lights.states[name] ?? false,
  }));
  const placed = dome.some((light) => light.direction);
  return (
    <SplitScreen
      classes={{ head: styles.head, side: styles.side }}
      head={
        <>
          <h1>Lights</h1>
          {!lights.gpio_available && (
            <p className={styles.simulated}>
              <strong>Simulated</strong>{" "}
              {lights.message ?? "No lamps hang on this rig: switching changes nothing outside."}
            </p>
          )}
        </>
      }
      map={
        placed ? (
          <DomeMap lights={dome} label="Dome of lights" onPick={pick} disabled={reason !== null} />
        ) : (
          <EmptyState icon="lights" title="No light has a direction yet">
            <p>Place the lights on the dome, or read their directions from a .lp file.</p>
            <Button icon="edit" reason={reason} onClick={onEdit}>
              Place the lights
            </Button>
          </EmptyState>
        )
      }
      side={
        <>
          <div className={styles.tools}>
            <Button icon="off" reason={reason} disabled={on === 0} onClick={() => set({}, true)}>
              All off
            </Button>
            <Button icon="walk" reason={reason} aria-pressed={walking} onClick={walk}>
              {walking ? "Stop walking" : "Walk"}
            </Button>
            <Button icon="plus" aria-pressed={several} onClick={() => setSeveral(!several)}>
              Several
            </Button>
            <Button icon="edit" reason={reason} onClick={onEdit}>
              Edit rig
            </Button>
          </div>
          <p className={styles.hint}>
            {reason ?? "Press a light to see it alone; with Shift, or with Several on, it is added to the others."}
          </p>
          <LightTable lights={lights} reason={reason} onSet={set} onBlink={blink} blinking={blinking} />
        </>
      }
    />
  );
}

interface TableProps {
  lights: LightStates;
  reason: string | null;
  onSet: (states: Record<string, boolean>) => void;
  onBlink: (name: string) => void;
  blinking: string | null;
}

/** How bright a light is: dragged, turned with the wheel, or by the arrow keys. */
function LevelSlider({ light, level, reason }: { light: LightInfo; level: number; reason: string | null }) {
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

function LightTable({ lights, reason, onSet, onBlink, blinking }: TableProps) {
  return (
    <ul className={styles.table} aria-label="Lights">
      {lights.lights.map((light) => {
        const on = lights.states[light.name] ?? false;
        return (
          <li key={light.name} data-on={on || undefined}>
            <span className={styles.name}>
              <span>{lightLabel(light.name)}</span>
              <span className={styles.facts}>{factsOf(light)}</span>
              {light.dims && (
                <LevelSlider light={light} level={lights.levels[light.name] ?? Number(on)} reason={reason} />
              )}
              {light.fault && (
                <span className={styles.fault}>
                  <Icon name="warning" size={14} /> {light.fault}
                </span>
              )}
            </span>
            <Button
              tone="quiet"
              icon="blink"
              reason={reason}
              aria-pressed={blinking === light.name}
              aria-label={`Blink ${lightLabel(light.name)} to find it`}
              title="Blink, to find it"
              onClick={() => onBlink(light.name)}
            />
            <label className={styles.switch}>
              <input
                type="checkbox"
                checked={on}
                disabled={reason !== null}
                aria-label={lightLabel(light.name)}
                onChange={() => onSet({ [light.name]: !on })}
              />
            </label>
          </li>
        );
      })}
    </ul>
  );
}

function factsOf({ name, pin, group, settle_s, direction }: LightInfo): string {
  const angles = direction ? anglesOf(direction) : null;
  const parts = [
    name,
    pin === null ? null : `pin ${pin}`,
    group,
    settle_s === null ? null : `settles ${settle_s} s`,
    angles && `${angles.azimuth}°, ${angles.elevation}° up`,
  ];
  return parts.filter(Boolean).join(" · ");
}

export function useLightsReason(): string | null {
  const offline = useOffline();
  const running = useRig((rig) => currentSet(rig)?.state === "running");
  if (offline !== null) return offline;
  return running ? "A sequence is using the lights." : null;
}

/** Lights that show themselves: one blinking, or all walking by one after the other. */
function useShow(lights: LightStates) {
  const store = useStore();
  const [show, setShow] = useState<{ kind: "walk" } | { kind: "blink"; name: string } | null>(null);
  const names = useRef<string[]>([]);
  names.current = lights.lights.map((light) => light.name);
  useEffect(() => {
    if (show === null) return;
    let step = 0;
    const only = (states: Record<string, boolean>) =>
      store.service.request("SET_LIGHT_STATES", { states, others_off: true }).catch((error) => {
        store.complain(error);
        setShow(null);
      });
    const next = () => {
      const all = names.current;
      if (show.kind === "walk") void only({ [all[step % all.length]!]: true });
      else if (step >= 2 * BLINKS) setShow(null);
      else void only({ [show.name]: step % 2 === 0 });
      step++;
    };
    next();
    const timer = setInterval(next, show.kind === "walk" ? WALK_MS : BLINK_MS);
    return () => {
      clearInterval(timer);
      void only({});
    };
  }, [show, store]);
  return {
    walking: show?.kind === "walk",
    blinking: show?.kind === "blink" ? show.name : null,
    walk: () => setShow(show?.kind === "walk" ? null : { kind: "walk" }),
    blink: (name: string) => setShow({ kind: "blink", name }),
  };
}
