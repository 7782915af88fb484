"use client";

import { type FormEvent, useState } from "react";
import { plural } from "@/lib/format";
import type { ImageSet } from "@/lib/protocol";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./RenameDialog.module.css";

interface Props {
  sets: ImageSet[];
  onNumber: (number: string) => void;
  onClose: () => void;
}

/** One catalogue number for all chosen sets: several sets of one object. */
export function NumberDialog({ sets, onNumber, onClose }: Props) {
  const known = new Set(sets.map((set) => set.catalogue_number ?? ""));
  const [number, setNumber] = useState(known.size === 1 ? [...known][0]! : "");
  const give = (event: FormEvent) => {
    event.preventDefault();
    onNumber(number.trim());
    onClose();
  };
  return (
    <Dialog title={`Catalogue number of ${plural(sets.length, "set")}`} onClose={onClose}>
      <form className={styles.form} onSubmit={give}>
        <input
          aria-label="Catalogue number"
          value={number}
          maxLength={200}
          onChange={(event) => setNumber(event.target.value)}
        />
        <div className={styles.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="main">
            {number.trim() === "" ? "Take the number away" : "Give the number"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
