import type { ConfigEntry } from "@/lib/protocol";
import { Field } from "../ui/Field";
import styles from "./SettingsPanel.module.css";

const LEAST_S = 1;
const MOST_S = 3600;

/** The seconds for which the shutter is to be held open; null for the shutter time of the camera, and what is wrong. */
export function heldSeconds(text: string): { seconds: number | null; problem: string | null } {
  if (text.trim() === "") return { seconds: null, problem: null };
  const seconds = Number(text.replace(",", "."));
  if (seconds >= LEAST_S && seconds <= MOST_S) return { seconds, problem: null };
  return { seconds: null, problem: `From ${LEAST_S} to ${MOST_S} seconds.` };
}

interface Props {
  entries: ConfigEntry[];
  text: string;
  onText: (text: string) => void;
}

/** How long the shutter is held open, at cameras that let others do that. */
export function HeldOpen({ entries, text, onText }: Props) {
  if (!entries.some(({ name }) => name === "bulb")) return null;
  const { seconds, problem } = heldSeconds(text);
  const hint =
    seconds === null ? "Empty: the shutter time above." : `Each shot takes ${seconds} s, whatever the shutter time.`;
  return (
    <div className={styles.held}>
      <Field label="Shutter held open, seconds" problem={problem} hint={hint}>
        {(control) => (
          <input
            {...control}
            inputMode="decimal"
            autoComplete="off"
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        )}
      </Field>
    </div>
  );
}
