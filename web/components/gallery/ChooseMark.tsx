import { Icon } from "../ui/Icon";
import styles from "./ChooseMark.module.css";

interface Props {
  name: string;
  chosen: boolean;
  /** Something in the list is chosen, so every mark is shown. */
  choosing: boolean;
  onChoose: (extend: boolean) => void;
}

/** The round mark in the corner of a picture, by which it is chosen; Shift chooses everything up to it. */
export function ChooseMark({ name, chosen, choosing, onChoose }: Props) {
  return (
    <label className={styles.mark} data-choosing={choosing || undefined} data-mark>
      <input
        type="checkbox"
        checked={chosen}
        aria-label={`Choose ${name}`}
        onClick={(event) => onChoose(event.shiftKey)}
        onChange={() => undefined}
      />
      <span aria-hidden="true">{chosen && <Icon name="check" size={16} />}</span>
    </label>
  );
}
