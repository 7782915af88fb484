import styles from "./Choice.module.css";

interface Props {
  label: string;
  detail?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** Something that is on or off, with what that means. */
export function Choice({ label, detail, checked, onChange }: Props) {
  return (
    <label className={styles.choice}>
      <span>
        {label}
        {detail && <span className={styles.detail}>{detail}</span>}
      </span>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
    </label>
  );
}
