"use client";

import { useRef, useState } from "react";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import styles from "./Panels.module.css";

/** The address of what is shown. Plain http gives pages no clipboard, so the text itself is there to be copied. */
export function ShareDialog({ onClose }: { onClose: () => void }) {
  const [address] = useState(() => window.location.href);
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(address);
      else document.execCommand("copy");
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <Dialog title="Link to this view" onClose={onClose}>
      <div className={styles.form}>
        <Field
          label="Set, layer, light and zoom"
          hint={copied ? "Copied." : "It opens the same picture on any browser that reaches this server."}
        >
          {(control) => (
            <input
              {...control}
              ref={field}
              readOnly
              value={address}
              onFocus={(event) => event.currentTarget.select()}
            />
          )}
        </Field>
        <Button tone="main" onClick={() => void copy()}>
          Copy
        </Button>
      </div>
    </Dialog>
  );
}
