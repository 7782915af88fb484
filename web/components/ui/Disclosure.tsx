import type { ReactNode } from "react";
import styles from "./Disclosure.module.css";
import { Icon } from "./Icon";

interface Props {
  title: string;
  /** What is in it, in short, while it is closed. */
  brief?: string;
  open: boolean;
  onOpen: (open: boolean) => void;
  children: ReactNode;
}

/** Something that is not always needed, behind a line that opens it. */
export function Disclosure({ title, brief, open, onOpen, children }: Props) {
  return (
    <details className={styles.disclosure} open={open} onToggle={(event) => onOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="right" size={16} />
        <span>{title}</span>
        {brief && !open && <span className={styles.brief}>{brief}</span>}
      </summary>
      {children}
    </details>
  );
}
