"use client";

import { useState } from "react";
import { Field } from "../ui/Field";

interface Props {
  notes: string;
  /** Why nothing can be noted now. */
  reason?: string | null;
  onNotes: (notes: string) => Promise<void> | void;
}

const MOST_ROWS = 5;

/** What people noted; kept as soon as the field is left. Escape takes back what was typed. */
export function Notes({ notes, reason = null, onNotes }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const save = async () => {
    if (typed !== null && typed !== notes) await onNotes(typed);
    setTyped((now) => (now === typed ? null : now));
  };
  return (
    <Field label="Notes" wide>
      {(control) => (
        <textarea
          {...control}
          placeholder={reason ?? undefined}
          rows={Math.min(MOST_ROWS, Math.max(2, (typed ?? notes).split("\n").length))}
          maxLength={4000}
          value={typed ?? notes}
          disabled={reason !== null}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || typed === null) return;
            event.preventDefault();
            event.stopPropagation();
            setTyped(null);
          }}
          onBlur={() => void save()}
        />
      )}
    </Field>
  );
}
