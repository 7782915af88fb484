import styles from "./Choice.module.css";

interface Props {
  label: string;
  detail?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

/** Something that is on or off, with what that means. */
export function Choice({ label, detail, checked, onChange, disabled = false }: Props) {
  return (
    <label className={styles.choice}>
      <span>
        {label}
        {detail && <span className={styles.detail}>{detail}</span>}
      </span>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
    </label>
  );
}
