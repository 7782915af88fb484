import type { Finding } from "@/lib/protocol";
import { Icon, type IconName } from "../ui/Icon";
import styles from "./FindingList.module.css";

const ICONS: Record<Finding["level"], IconName> = { ok: "check", info: "info", warning: "warning", error: "warning" };
const WORDS: Record<Finding["level"], string> = { ok: "Good", info: "To know", warning: "Warning", error: "Problem" };

/** What the doctor found, with what mends it. */
export function FindingList({ findings }: { findings: Finding[] }) {
  return (
    <ul className={styles.findings}>
      {findings.map(({ check, level, message, remedy }) => (
        <li key={`${check} ${message}`} data-level={level}>
          <Icon name={ICONS[level]} size={18} />
          <div>
            <p>
              <span className="visually-hidden">{WORDS[level]}: </span>
              {message}
            </p>
            {remedy && <p className={styles.remedy}>{remedy}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
