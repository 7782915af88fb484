"use client";

import { currentSet } from "@/services/RigStore";
import { useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import styles from "./DarkHint.module.css";

/** Says why the picture is black where no light of a simulated rig is on: its room has no other. */
export function DarkHint() {
  const store = useStore();
  const simulated = useRig((rig) => rig.server?.simulated === true);
  const lights = useRig((rig) => rig.lights);
  const job = useRig(currentSet);
  const first = lights?.lights[0]?.name;
  if (!simulated || first === undefined || job?.state === "running") return null;
  if (Object.values(lights!.states).some((on) => on)) return null;
  const light = () =>
    store.service
      .request("SET_LIGHT_STATES", { states: { [first]: true }, others_off: true })
      .catch((error) => store.complain(error));
  return (
    <div className={styles.hint}>
      <p>All lights are off.</p>
      <Button onClick={light}>Switch one on</Button>
    </div>
  );
}
