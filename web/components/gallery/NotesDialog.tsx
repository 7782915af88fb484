"use client";

import { type FormEvent, useState } from "react";
import { plural } from "@/lib/format";
import type { ImageFile } from "@/lib/protocol";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import styles from "./RenameDialog.module.css";

interface Props {
  images: ImageFile[];
  onNotes: (notes: string) => void;
  onClose: () => void;
}

/** The same notes for several images. */
export function NotesDialog({ images, onNotes, onClose }: Props) {
  const known = new Set(images.map((image) => image.notes ?? ""));
  const [notes, setNotes] = useState(known.size === 1 ? [...known][0]! : "");
  const different = known.size > 1;
  const keep = (event: FormEvent) => {
    event.preventDefault();
    onNotes(notes);
    onClose();
  };
  return (
    <Dialog title={`Notes of ${plural(images.length, "image")}`} onClose={onClose}>
      <form className={styles.form} onSubmit={keep}>
        <Field label="Notes" hint={different ? "They have different notes now; these take their place." : undefined}>
          {(control) => (
            <textarea
              {...control}
              rows={4}
              maxLength={4000}
              value={notes}
              onChange={(event) => setNotes(event.target.value)}
            />
          )}
        </Field>
        <div className={styles.buttons}>
          <Button onClick={onClose}>Leave as it was</Button>
          <Button type="submit" tone="main">
            Keep
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
