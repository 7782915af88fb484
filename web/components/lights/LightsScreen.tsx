"use client";

import dynamic from "next/dynamic";
import { useEffect, useRef, useState } from "react";
import { anglesOf } from "@/lib/dome";
import { lightLabel } from "@/lib/format";
import type { LightInfo, LightStates } from "@/lib/protocol";
import { useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import { Icon } from "../ui/Icon";
import { SplitScreen } from "../ui/SplitScreen";
import { useKeys } from "../useKeys";
import { DomeMap } from "./DomeMap";
import { LevelSlider } from "./LevelSlider";
import styles from "./LightsScreen.module.css";
import { LivePicture } from "./LivePicture";
import { MeasureLights } from "./MeasureLights";
import { RigEditor } from "./RigEditor";
import { useLamps } from "./useLamps";

const CalibrationPanel = dynamic(() => import("./CalibrationPanel").then((part) => part.CalibrationPanel), {
  ssr: false,
});

const WALK_MS = 700;
const BLINKS = 3;
const BLINK_MS = 350;

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
  const { on, reason, set, pick, step } = useLamps();
  const [several, setSeveral] = useState(false);
  const { walking, walk, blink, blinking } = useShow(lights);
  useKeys({ ",": () => step(-1), ".": () => step(1) });
  const dome = lights.lights.map(({ name, direction, fault, calibrated_at }) => ({
    name,
    direction,
    fault,
    on: lights.states[name] ?? false,
    byHand: Boolean(lights.calibration) && calibrated_at === null,
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
          <DomeMap
            lights={dome}
            label="Dome of lights"
            onPick={(name, add) => pick(name, add || several)}
            disabled={reason !== null}
          />
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
          <LivePicture />
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
            <MeasureLights reason={reason} />
          </div>
          <p className={styles.hint}>
            {reason ??
              "Press a light to see it alone; with Shift, or with Several on, it is added to the others. , and . go through them."}
          </p>
          <LightTable lights={lights} reason={reason} onSet={set} onBlink={blink} blinking={blinking} />
          <CalibrationPanel lights={lights} />
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
