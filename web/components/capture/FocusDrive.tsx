import { Icon } from "../ui/Icon";
import styles from "./FocusDrive.module.css";

const STEPS = [
  { step: -3, text: "≪", name: "Focus much nearer" },
  { step: -1, text: "‹", name: "Focus a little nearer" },
  { step: 1, text: "›", name: "Focus a little farther" },
  { step: 3, text: "≫", name: "Focus much farther" },
];

interface Props {
  onDrive: (step: number) => void;
  onFocus: () => void;
  reason: string | null;
  /** Beside the overlays, or on phones among the settings. */
  place: "tools" | "side";
}

/** Moves the lens: in steps nearer and farther, or by the camera's own autofocus. */
export function FocusDrive({ onDrive, onFocus, reason, place }: Props) {
  const button = (name: string, text: React.ReactNode, onClick: () => void) => (
    <button
      key={name}
      type="button"
      aria-label={name}
      title={reason ?? name}
      aria-disabled={reason !== null || undefined}
      onClick={onClick}
    >
      {text}
    </button>
  );
  return (
    <div className={styles.drive} role="group" aria-label="Focus" data-place={place}>
      {STEPS.slice(0, 2).map(({ step, text, name }) => button(name, text, () => onDrive(step)))}
      {button("Focus once", <Icon name="focus" size={18} />, onFocus)}
      {STEPS.slice(2).map(({ step, text, name }) => button(name, text, () => onDrive(step)))}
    </div>
  );
}
