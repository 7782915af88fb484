"use client";

import { useState } from "react";
import { curveProblem, type LampDraft, type Law, type Limit, limitsBrief, percent, share } from "@/lib/lamp";
import { Disclosure } from "../ui/Disclosure";
import { Field } from "../ui/Field";
import styles from "./RigEditor.module.css";

interface Props {
  lamp: LampDraft;
  /** Whether its light can be anything but off or full. */
  dims: boolean;
  onChange: (change: Partial<LampDraft>) => void;
}

const SHARES: Limit[] = ["max_level", "duty"];
const FIELDS: [Limit, string, string][] = [
  ["max_level", "Brightest, %", "no limit"],
  ["watts", "At full power, W", "not known"],
  ["max_on_s", "On at most, s", "no limit"],
  ["min_off_s", "Off at least, s", "no limit"],
  ["duty", "On at most, %", "no limit"],
  ["duty_s", "of so many s", "60"],
];
const LAWS: [Law, string][] = [
  ["linear", "its signal in proportion"],
  ["gamma", "a gamma"],
  ["curve", "a curve"],
];

/** What a lamp can bear, and how its light follows its signal. */
export function LampFields({ lamp, dims, onChange }: Props) {
  const [limits, setLimits] = useState(false);
  const [light, setLight] = useState(false);
  const law = LAWS.find(([kind]) => kind === lamp.law)![1];
  return (
    <>
      <div data-wide>
        <Disclosure title="Limits" brief={limitsBrief(lamp) ?? "none"} open={limits} onOpen={setLimits}>
          <div className={styles.lamp}>
            {FIELDS.map(([key, label, none]) => (
              <LimitField key={key} name={key} label={label} none={none} lamp={lamp} onChange={onChange} />
            ))}
          </div>
        </Disclosure>
      </div>
      {dims && (
        <div data-wide>
          <Disclosure title="Light" brief={law} open={light} onOpen={setLight}>
            <div className={styles.lamp}>
              <Field label="Its light follows" wide>
                {(control) => (
                  <select
                    {...control}
                    value={lamp.law}
                    onChange={(event) => onChange({ law: event.target.value as Law })}
                  >
                    {LAWS.map(([kind, words]) => (
                      <option key={kind} value={kind}>
                        {words}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
              {lamp.law === "gamma" && (
                <Field label="Gamma">
                  {(control) => (
                    <input
                      {...control}
                      type="number"
                      min={0.2}
                      max={5}
                      step={0.1}
                      value={lamp.gamma ?? ""}
                      placeholder="1"
                      onChange={(event) => onChange({ gamma: numberIn(event.target.value) })}
                    />
                  )}
                </Field>
              )}
              {lamp.law === "curve" && (
                <Field label="Signal and light, %" wide problem={curveProblem(lamp)} hint="A line for each pair.">
                  {(control) => (
                    <textarea
                      {...control}
                      rows={5}
                      value={lamp.curve}
                      placeholder={"25 4.7\n50 21.8\n75 53.1"}
                      onChange={(event) => onChange({ curve: event.target.value })}
                    />
                  )}
                </Field>
              )}
            </div>
          </Disclosure>
        </div>
      )}
    </>
  );
}

interface LimitProps {
  name: Limit;
  label: string;
  none: string;
  lamp: LampDraft;
  onChange: (change: Partial<LampDraft>) => void;
}

function LimitField({ name, label, none, lamp, onChange }: LimitProps) {
  const shown = SHARES.includes(name) ? percent : (value: number) => value;
  const kept = SHARES.includes(name) ? share : (value: number) => value;
  const value = lamp[name];
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          type="number"
          min={0}
          max={SHARES.includes(name) ? 100 : undefined}
          step="any"
          value={value === null ? "" : shown(value)}
          placeholder={none}
          onChange={(event) => {
            const typed = numberIn(event.target.value);
            onChange({ [name]: typed === null || typed <= 0 ? null : kept(typed) });
          }}
        />
      )}
    </Field>
  );
}

function numberIn(text: string): number | null {
  return text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
}
