"use client";

import { type FormEvent, type Ref, useState } from "react";
import { shown } from "@/lib/config";
import { usePreference } from "@/lib/preferences";
import type { ConfigEntry } from "@/lib/protocol";
import { commonValue, type Outcome, type SharedSetting, sharedSettings, type Value } from "@/lib/together";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./CamerasScreen.module.css";

interface Props {
  /** The settings of the cameras that take part. */
  configs: Record<string, ConfigEntry[]>;
  reason: string | null;
  outcomes: Record<string, Outcome>;
  names: Record<string, string>;
  onApply: (setting: SharedSetting, value: Value) => Promise<void>;
  /** The field with the name of the setting. */
  ref: Ref<HTMLSelectElement>;
}

/** One setting for all cameras that take part; the last one is remembered on this device. */
export function ApplyToAll({ configs, reason, outcomes, names, onApply, ref }: Props) {
  const settings = sharedSettings(configs);
  const [last, setLast] = usePreference("camerasSetting", "iso");
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const setting = settings.find(({ name }) => name === last) ?? settings[0];
  if (!setting) {
    return (
      <section className={styles.apply} aria-label="One setting for all">
        <p className={styles.soft}>{reason ?? "Reading the settings of the cameras…"}</p>
      </section>
    );
  }
  const now = commonValue(configs, setting.name);
  const text = typed[setting.name] ?? (now === null ? "" : String(now));
  const value = parsed(setting, text);
  const missing = Object.keys(configs).filter((id) => !setting.cameras.includes(id));
  const apply = async (event: FormEvent) => {
    event.preventDefault();
    if (value === null || reason !== null || busy) return;
    setBusy(true);
    await onApply(setting, value);
    setBusy(false);
  };
  return (
    <form className={styles.apply} aria-label="One setting for all" onSubmit={apply}>
      <Field label="Setting">
        {(control) => (
          <select {...control} ref={ref} value={setting.name} onChange={(event) => setLast(event.target.value)}>
            {settings.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label="Value"
        hint={missing.length > 0 ? `${missing.map((id) => names[id]).join(", ")}: no such setting.` : undefined}
      >
        {(control) => (
          <ValueField
            control={control}
            setting={setting}
            value={text}
            onValue={(next) => setTyped({ ...typed, [setting.name]: next })}
          />
        )}
      </Field>
      <Button
        type="submit"
        icon="check"
        reason={reason ?? (value === null ? "Choose a value." : busy ? "The cameras are being set." : null)}
      >
        Set on all
      </Button>
      <p className={styles.summary} role="status" data-testid="apply-result">
        {summary(Object.values(outcomes))}
      </p>
    </form>
  );
}

function summary(outcomes: Outcome[]): string {
  if (outcomes.length === 0) return "";
  if (outcomes.some(({ state }) => state === "pending")) return "Setting…";
  const set = outcomes.filter(({ state }) => state === "set").length;
  return set === outcomes.length ? `Set on all ${set}.` : `Set on ${set} of ${outcomes.length}; the others say why.`;
}

interface ValueProps {
  control: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean };
  setting: SharedSetting;
  value: string;
  onValue: (value: string) => void;
}

function ValueField({ control, setting, value, onValue }: ValueProps) {
  const { type, name, options, min, max, step } = setting;
  if (type === "menu" || type === "toggle") {
    const choices = type === "toggle" ? ["true", "false"] : options;
    return (
      <select
        {...control}
        value={choices.includes(value) ? value : ""}
        onChange={(event) => onValue(event.target.value)}
      >
        {!choices.includes(value) && <option value="">They differ</option>}
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {type === "toggle" ? (choice === "true" ? "On" : "Off") : shown(name, choice)}
          </option>
        ))}
      </select>
    );
  }
  const range =
    type === "range" ? { type: "number", min: min ?? undefined, max: max ?? undefined, step: step ?? "any" } : {};
  return <input {...control} {...range} value={value} onChange={(event) => onValue(event.target.value)} />;
}

function parsed({ type, options }: SharedSetting, text: string): Value | null {
  if (type === "menu") return options.includes(text) ? text : null;
  if (type === "toggle") return text === "" ? null : text === "true";
  if (type === "range") return text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
  return text;
}
