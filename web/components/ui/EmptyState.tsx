import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";
import { Icon, type IconName } from "./Icon";

interface Props {
  icon: IconName;
  title: string;
  /** Whether it stands for a whole screen, whose heading it then is. */
  whole?: boolean;
  children?: ReactNode;
}

/** What a place says while there is nothing in it: what it is for, and what to do next. */
export function EmptyState({ icon, title, whole = false, children }: Props) {
  return (
    <div className={styles.empty}>
      <div className={styles.mark}>
        <Icon name={icon} size={36} />
      </div>
      {whole ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children && <div className={styles.words}>{children}</div>}
    </div>
  );
}
