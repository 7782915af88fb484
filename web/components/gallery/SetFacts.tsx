"use client";

import { type KeyboardEvent, useState } from "react";
import type { AnnotateSet } from "@/lib/protocol";
import { pixelsPerMillimetre, readScale } from "@/lib/scale";
import { Field } from "../ui/Field";
import { Notes } from "./Notes";
import { Rating } from "./Rating";
import styles from "./SetFacts.module.css";

type Change = Omit<AnnotateSet, "set_name">;

interface Props {
  notes: string;
  rating: number | null;
  catalogueNumber: string;
  scale: number | null;
  /** Why nothing can be changed now. */
  reason: string | null;
  onChange: (change: Change) => Promise<void>;
}

/** What people say about a set, to be changed in place. */
export function SetFacts({ notes, rating, catalogueNumber, scale, reason, onChange }: Props) {
  return (
    <div className={styles.facts}>
      <div className={styles.rating}>
        <span>Rating</span>
        <Rating
          label="Rating of the set"
          rating={rating ?? undefined}
          rejecting={false}
          disabled={reason !== null}
          onRate={(stars) => void onChange({ rating: stars })}
        />
      </div>
      <Kept
        label="Catalogue number"
        value={catalogueNumber}
        maxLength={200}
        reason={reason}
        onKeep={(catalogue_number) => onChange({ catalogue_number })}
      />
      <Kept
        label="Scale, mm per pixel"
        value={scale === null ? "" : String(scale)}
        maxLength={40}
        reason={reason}
        check={(text) => readScale(text).problem}
        hint={scale ? pixelsPerMillimetre(scale) : undefined}
        onKeep={(text) => onChange({ scale_mm_per_pixel: readScale(text).value ?? 0 })}
      />
      <div className={styles.notes}>
        <Notes notes={notes} reason={reason} onNotes={(changed) => onChange({ notes: changed })} />
      </div>
    </div>
  );
}

interface KeptProps {
  label: string;
  value: string;
  maxLength: number;
  reason: string | null;
  check?: (text: string) => string | null;
  hint?: string;
  onKeep: (text: string) => Promise<void>;
}

/** A line that is kept with Enter or when it is left; Escape takes back what was typed. */
function Kept({ label, value, maxLength, reason, check, hint, onKeep }: KeptProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const problem = typed === null ? null : (check?.(typed) ?? null);
  const keep = async () => {
    if (typed === null || problem !== null) return;
    if (typed.trim() !== value) await onKeep(typed.trim());
    // Until the server has it, what was typed stays in sight; so does what was typed since.
    setTyped((now) => (now === typed ? null : now));
  };
  const hear = (event: KeyboardEvent) => {
    if (event.key === "Enter") void keep();
    if (event.key === "Escape") setTyped(null);
  };
  return (
    <Field label={label} problem={problem} hint={hint}>
      {(control) => (
        <input
          {...control}
          value={typed ?? value}
          maxLength={maxLength}
          disabled={reason !== null}
          title={reason ?? undefined}
          autoComplete="off"
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={hear}
          onBlur={() => void keep()}
        />
      )}
    </Field>
  );
}
