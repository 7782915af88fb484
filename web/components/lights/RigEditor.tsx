"use client";

import { type ChangeEvent, useState } from "react";
import { anglesOf, type Direction, fromAngles } from "@/lib/dome";
import { lightLabel } from "@/lib/format";
import { curveProblem, editedLamp, type LampDraft, lampOf, NEW_LAMP } from "@/lib/lamp";
import { assignLp, parseLp } from "@/lib/lp";
import type { EditedLight, LightInfo } from "@/lib/protocol";
import { useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Field } from "../ui/Field";
import { SplitScreen } from "../ui/SplitScreen";
import { DomeMap } from "./DomeMap";
import { LampFields } from "./LampFields";
import styles from "./RigEditor.module.css";

interface Draft {
  name: string;
  pin: number | null;
  active_low: boolean;
  direction: Direction | null;
  position: [number, number, number] | null;
  settle_s: number | null;
  group: string | null;
  lamp: LampDraft;
  /** Whether it can be dimmed, as far as that is known. */
  dims: boolean;
  /** The lamp as the rig file has it; null for a new light. */
  before: LampDraft | null;
}

/** Where the lights hang and on which pins: dragged on the dome or typed, then saved to the rig file. */
export function RigEditor({ lights, onDone }: { lights: LightInfo[]; onDone: () => void }) {
  const store = useStore();
  const [drafts, setDrafts] = useState<Draft[]>(() => lights.map(draftOf));
  const [chosen, setChosen] = useState<string | null>(lights[0]?.name ?? null);
  const [problem, setProblem] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);
  const reason = useOffline("settings");
  const change = (name: string, with_: Partial<Draft>) => {
    setDrafts((before) => before.map((draft) => (draft.name === name ? { ...draft, ...with_ } : draft)));
    if (with_.name !== undefined) setChosen(with_.name);
  };
  const add = () => {
    const name = freeName(drafts);
    setDrafts([
      ...drafts,
      {
        name,
        pin: null,
        active_low: false,
        direction: [0, 0, 1],
        position: null,
        settle_s: null,
        group: null,
        lamp: NEW_LAMP,
        dims: true,
        before: null,
      },
    ]);
    setChosen(name);
  };
  const read = async (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    event.target.value = "";
    if (!file) return;
    try {
      const lines = parseLp(await file.text());
      setDrafts(assignLp(drafts, lines));
      const same = lines.length === drafts.length;
      setProblem(
        same
          ? null
          : `The file has ${lines.length} directions and the rig ${drafts.length} lights; the first ones were taken.`,
      );
    } catch (error) {
      setProblem(`${file.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const save = async () => {
    const wrong = drafts.find(({ lamp }) => curveProblem(lamp) !== null);
    if (wrong) {
      setChosen(wrong.name);
      setProblem(`${lightLabel(wrong.name)}: ${curveProblem(wrong.lamp)}`);
      return;
    }
    setSaving(true);
    try {
      await store.service.request("SET_RIG", { lights: drafts.map(editedOf) });
      store.notify({ text: "The rig file is saved." });
      onDone();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setSaving(false);
    }
  };
  const draft = drafts.find(({ name }) => name === chosen) ?? null;
  const dome = drafts.map(({ name, direction }, index) => ({ name, direction, on: false, order: index + 1 }));
  return (
    <SplitScreen
      classes={{ side: styles.side }}
      head={
        <>
          <h1>Edit the rig</h1>
          <p>
            Drag a light to where it hangs, as the camera sees it from above, or move it by Alt and the arrow keys.
            Saving switches every light off.
          </p>
        </>
      }
      map={
        <DomeMap
          lights={dome}
          label="Dome of lights, to be placed"
          chosen={chosen}
          onPick={(name) => setChosen(name)}
          onMove={(name, direction) => change(name, { direction, position: null })}
        />
      }
      side={
        <>
          <div className={styles.tools}>
            <Button icon="plus" onClick={add}>
              Add a light
            </Button>
            <label className={styles.file}>
              Read a .lp file
              <input type="file" accept=".lp,.txt,text/plain" onChange={read} />
            </label>
          </div>
          {problem && (
            <p className={styles.problem} role="alert">
              {problem}
            </p>
          )}
          <Field label="Light">
            {(control) => (
              <select {...control} value={chosen ?? ""} onChange={(event) => setChosen(event.target.value)}>
                {drafts.map(({ name }, index) => (
                  <option key={name} value={name}>{`${index + 1} · ${lightLabel(name)}`}</option>
                ))}
              </select>
            )}
          </Field>
          {draft && (
            <DraftFields
              key={drafts.indexOf(draft)}
              draft={draft}
              onChange={(with_) => change(draft.name, with_)}
              onRemove={() => {
                const rest = drafts.filter((one) => one !== draft);
                setDrafts(rest);
                setChosen(rest[0]?.name ?? null);
              }}
            />
          )}
          <div className={styles.end}>
            <Button onClick={onDone}>Leave as it was</Button>
            <Button tone="main" onClick={save} reason={reason} disabled={saving}>
              {saving ? "Saving…" : "Save the rig"}
            </Button>
          </div>
        </>
      }
    />
  );
}

interface FieldsProps {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  onRemove: () => void;
}

function DraftFields({ draft, onChange, onRemove }: FieldsProps) {
  const angles = draft.direction ? anglesOf(draft.direction) : { azimuth: 0, elevation: 90 };
  const number = (text: string) => (text === "" || !Number.isFinite(Number(text)) ? null : Number(text));
  const turn = (azimuth: number, elevation: number) =>
    onChange({ direction: fromAngles(azimuth, elevation), position: null });
  return (
    <fieldset className={styles.fields}>
      <legend className="visually-hidden">{draft.name}</legend>
      <Field label="Name" wide>
        {(control) => (
          <input
            {...control}
            defaultValue={draft.name}
            maxLength={60}
            onBlur={(event) => event.target.value.trim() && onChange({ name: event.target.value.trim() })}
          />
        )}
      </Field>
      <Field label="Around, °">
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            max={359}
            value={angles.azimuth}
            onChange={(event) => turn(number(event.target.value) ?? 0, angles.elevation)}
          />
        )}
      </Field>
      <Field label="Up, °">
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            max={90}
            value={angles.elevation}
            onChange={(event) => turn(angles.azimuth, number(event.target.value) ?? 0)}
          />
        )}
      </Field>
      <Field label="Pin">
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            value={draft.pin ?? ""}
            onChange={(event) => onChange({ pin: number(event.target.value) })}
          />
        )}
      </Field>
      <Field label="Settles in, s">
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            step={0.1}
            value={draft.settle_s ?? ""}
            placeholder="default"
            onChange={(event) => onChange({ settle_s: number(event.target.value) })}
          />
        )}
      </Field>
      <Field label="Group" wide>
        {(control) => (
          <input
            {...control}
            value={draft.group ?? ""}
            maxLength={60}
            onChange={(event) => onChange({ group: event.target.value || null })}
          />
        )}
      </Field>
      <div data-wide>
        <Choice
          label="Lit while its line is low"
          checked={draft.active_low}
          onChange={(active_low) => onChange({ active_low })}
        />
      </div>
      <LampFields
        lamp={draft.lamp}
        dims={draft.dims}
        onChange={(with_) => onChange({ lamp: { ...draft.lamp, ...with_ } })}
      />
      <Button tone="quiet" icon="trash" onClick={onRemove}>
        Take it out of the rig
      </Button>
    </fieldset>
  );
}

function editedOf({ lamp, before, dims: _, ...rest }: Draft): EditedLight {
  return { ...rest, ...editedLamp(lamp, before) };
}

function draftOf(light: LightInfo): Draft {
  const { name, pin, active_low, direction, position, settle_s, group } = light;
  return {
    name,
    pin,
    active_low,
    direction: direction as Direction | null,
    position: position as Draft["position"],
    settle_s,
    group,
    lamp: lampOf(light),
    dims: light.dims,
    before: lampOf(light),
  };
}

function freeName(drafts: Draft[]): string {
  const names = new Set(drafts.map(({ name }) => name));
  let number = drafts.length + 1;
  while (names.has(`light_${number}`)) number++;
  return `light_${number}`;
}
