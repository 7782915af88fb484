import type { Change } from "@/lib/config";
import styles from "./PresetsDialog.module.css";

/** What would change at the camera. */
export function Differences({ changes, wanted }: { changes: Change[]; wanted: string }) {
  if (changes.length === 0) return <p>Nothing would change at the camera.</p>;
  return (
    <table className={styles.differences}>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Now</th>
          <th scope="col">{wanted}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ entry, wanted: value }) => (
          <tr key={entry.path}>
            <th scope="row">{entry.label}</th>
            <td>{String(entry.value)}</td>
            <td>{String(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
