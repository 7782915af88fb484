"use client";

import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { Button } from "./Button";
import styles from "./Dialog.module.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** The buttons at the bottom, the main one last. */
  actions?: ReactNode;
  wide?: boolean | "most";
  /** Nothing in it takes the focus: the text itself does, so that keys scroll it. */
  reading?: boolean;
}

/** A dialog in the middle, a sheet at the bottom of phones. Escape closes it; the focus goes back to where it was. */
export function Dialog({ title, onClose, children, actions, wide = false, reading = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // With its going itself: a focus that is set behind it stays.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      // While it is open nothing outside of it takes the focus.
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`${styles.dialog} ${wide === "most" ? styles.widest : wide ? styles.wide : ""}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.sheet}>
        <header className={styles.head}>
          <h2 id={heading}>{title}</h2>
          <Button tone="quiet" icon="close" aria-label="Close" onClick={onClose} />
        </header>
        <div className={styles.body} tabIndex={reading ? 0 : undefined}>
          {children}
        </div>
        {actions && <footer className={styles.actions}>{actions}</footer>}
      </div>
    </dialog>
  );
}
