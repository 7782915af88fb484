import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import styles from "./Button.module.css";
import { Icon, type IconName } from "./Icon";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon?: IconName;
  tone?: "plain" | "main" | "danger" | "quiet";
  /** Why it cannot be pressed now; it stays reachable and says so. */
  reason?: string | null;
  children?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that says why where it cannot be pressed. */
export function Button({ icon, tone = "plain", reason, children, className, onClick, title, ...rest }: Props) {
  const blocked = reason !== undefined && reason !== null;
  return (
    <button
      type="button"
      {...rest}
      title={blocked ? reason : title}
      aria-disabled={blocked || undefined}
      onClick={blocked ? undefined : onClick}
      className={[styles.button, styles[tone], children === undefined ? styles.bare : "", className ?? ""].join(" ")}
    >
      {icon && <Icon name={icon} />}
      {children !== undefined && <span className={styles.text}>{children}</span>}
    </button>
  );
}
