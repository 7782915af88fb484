import { type ReactNode, useId } from "react";
import styles from "./Field.module.css";

interface Control {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

interface Props {
  label: string;
  /** What is wrong with what was typed; shown instead of the hint. */
  problem?: string | null;
  hint?: ReactNode;
  /** Over all columns of a grid of fields. */
  wide?: boolean;
  /** The control, which must take the given attributes. */
  children: (control: Control) => ReactNode;
}

/** A control with its name above and, below, what helps with it or is wrong with it. */
export function Field({ label, problem = null, hint, wide = false, children }: Props) {
  const id = useId();
  const note = problem ?? hint;
  return (
    <div className={styles.field} data-wide={wide || undefined}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": problem !== null })}
      {note && (
        <span
          id={`${id}-note`}
          className={problem ? styles.problem : styles.hint}
          role={problem ? "status" : undefined}
        >
          {note}
        </span>
      )}
    </div>
  );
}
