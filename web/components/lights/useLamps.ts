import { useRef } from "react";
import type { LightInfo, LightStates } from "@/lib/protocol";
import { currentMeasurement, currentSet } from "@/services/RigStore";
import { useOffline, useRig, useStore } from "../RigProvider";

export interface Lamps {
  lights: LightInfo[];
  states: Record<string, boolean>;
  /** From 0 to 1. */
  levels: Record<string, number>;
  /** How many are on. */
  on: number;
  /** Why none can be switched now. */
  reason: string | null;
  set: (states: Record<string, boolean>, othersOff?: boolean) => void;
  /** Switch one: alone, or with `add` beside those that are on. */
  pick: (name: string, add: boolean) => void;
  /** Let the previous or the next lamp shine alone; after the last comes the first. */
  step: (by: 1 | -1) => void;
}

const NONE: LightStates = {
  states: {},
  levels: {},
  gpio_available: true,
  driver: "",
  message: null,
  lights: [],
  calibration: null,
};

/** The lamps of the rig and how to switch them, for every screen that does. */
export function useLamps(): Lamps {
  const store = useStore();
  const told = useRig((rig) => rig.lights) ?? NONE;
  const reason = useLightsReason();
  /** The lamp that was stepped to, until the server has said so: keys come faster than answers. */
  const asked = useRef<string | null>(null);
  const { lights, states, levels } = told;
  const lit = lights.filter(({ name }) => states[name]);
  const set = async (wanted: Record<string, boolean>, othersOff = false) => {
    if (reason !== null) return;
    await store.service
      .request("SET_LIGHT_STATES", { states: wanted, others_off: othersOff })
      .catch((error) => store.complain(error));
  };
  return {
    lights,
    states,
    levels,
    on: lit.length,
    reason,
    set: (wanted, othersOff) => void set(wanted, othersOff),
    pick: (name, add) => {
      const alone = lit.length === 1 && states[name] === true;
      void (add ? set({ [name]: !states[name] }) : set({ [name]: !alone }, true));
    },
    step: (by) => {
      if (lights.length === 0 || reason !== null) return;
      const from = lights.findIndex(({ name }) => name === (asked.current ?? lit[0]?.name));
      const next = from < 0 ? (by > 0 ? 0 : lights.length - 1) : (from + by + lights.length) % lights.length;
      const { name } = lights[next]!;
      asked.current = name;
      void set({ [name]: true }, true).then(() => {
        if (asked.current === name) asked.current = null;
      });
    },
  };
}

export function useLightsReason(): string | null {
  const offline = useOffline();
  const running = useRig((rig) => currentSet(rig)?.state === "running");
  const measuring = useRig((rig) => currentMeasurement(rig) !== null);
  if (offline !== null) return offline;
  if (measuring) return "The lights are being measured.";
  return running ? "A sequence is using the lights." : null;
}
