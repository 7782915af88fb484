"use client";

import { useCallback, useEffect, useState } from "react";
import { setNamePreview } from "@/lib/naming";
import { usePreference } from "@/lib/preferences";
import type { Naming } from "@/lib/protocol";
import { TRIGGERS, type Trigger } from "@/lib/recipes";
import { pixelsPerMillimetre, readScale } from "@/lib/scale";
import { nameProblem, type SetFacts } from "@/lib/sequence";
import { useConnected, useRig, useStore } from "../RigProvider";
import { Disclosure } from "../ui/Disclosure";
import { Field } from "../ui/Field";
import styles from "./SetFields.module.css";

const TRIGGER_HINTS: Record<Exclude<Trigger, "software">, string> = {
  line: "The rig file says which line: [triggers].",
  burst: "Needs a sync line in the rig file, and lights that settle between two exposures.",
};

interface Props {
  name: string;
  onName: (name: string) => void;
  facts: SetFacts;
  onFacts: (facts: SetFacts) => void;
  trigger: Trigger;
  onTrigger: (trigger: Trigger) => void;
}

/** What the set will be called, and behind a line that opens them the facts that go into its manifest. */
export function SetFields({ name, onName, facts, onFacts, trigger, onTrigger }: Props) {
  const [open, setOpen] = usePreference("setDetails", false);
  const { naming, look } = useNaming();
  const scale = readScale(facts.scale);
  const object = useRig((rig) => rig.objects?.current ?? null);
  const number = facts.catalogue.trim() || object?.catalogue_number || "";
  const given = [number, scale.value && `${scale.value} mm/px`, facts.notes.trim() && "notes"];
  if (trigger !== "software") given.push(trigger);
  return (
    <>
      <Field
        label="Name"
        problem={nameProblem(name)}
        hint={naming && <span className={styles.preview}>{setNamePreview(naming, name, number)}</span>}
      >
        {(control) => (
          <input
            {...control}
            value={name}
            maxLength={80}
            placeholder="photometric_set"
            autoComplete="off"
            onFocus={look}
            onChange={(event) => onName(event.target.value)}
          />
        )}
      </Field>
      <Disclosure
        title="Details"
        brief={given.filter(Boolean).join(" · ") || "number, scale, notes, release"}
        open={open || scale.problem !== null}
        onOpen={setOpen}
      >
        <div className={styles.pair}>
          <Field
            label="Catalogue number"
            hint={object && !facts.catalogue.trim() ? "Of the current object" : undefined}
          >
            {(control) => (
              <input
                {...control}
                value={facts.catalogue}
                maxLength={200}
                placeholder={object?.catalogue_number}
                autoComplete="off"
                onChange={(event) => onFacts({ ...facts, catalogue: event.target.value })}
              />
            )}
          </Field>
          <Field
            label="Scale, mm per pixel"
            problem={scale.problem}
            hint={scale.value ? pixelsPerMillimetre(scale.value) : undefined}
          >
            {(control) => (
              <input
                {...control}
                value={facts.scale}
                maxLength={40}
                placeholder="0.08"
                autoComplete="off"
                onChange={(event) => onFacts({ ...facts, scale: event.target.value })}
              />
            )}
          </Field>
          <Field
            label="The camera is released by"
            wide
            hint={trigger === "software" ? undefined : TRIGGER_HINTS[trigger]}
          >
            {(control) => (
              <select {...control} value={trigger} onChange={(event) => onTrigger(event.target.value as Trigger)}>
                {(Object.keys(TRIGGERS) as Trigger[]).map((one) => (
                  <option key={one} value={one}>
                    {TRIGGERS[one]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Notes" wide>
            {(control) => (
              <textarea
                {...control}
                rows={2}
                value={facts.notes}
                maxLength={4000}
                onChange={(event) => onFacts({ ...facts, notes: event.target.value })}
              />
            )}
          </Field>
        </div>
      </Disclosure>
    </>
  );
}

/** How the server names sets now; `look` asks again, as times in names go by. */
function useNaming() {
  const store = useStore();
  const connected = useConnected();
  const [naming, setNaming] = useState<Naming | null>(null);
  const look = useCallback(() => {
    // Without an answer there is no preview; the set can be captured all the same.
    store.service.request("GET_NAMING", {}).then(setNaming, () => undefined);
  }, [store]);
  useEffect(() => {
    if (connected) look();
  }, [connected, look]);
  return { naming, look };
}
