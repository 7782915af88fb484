"use client";

import { type FormEvent, useState } from "react";
import { nameProblem } from "@/lib/sequence";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./RenameDialog.module.css";

interface Props {
  name: string;
  onClose: () => void;
  onRenamed: (name: string) => void;
}

export function RenameDialog({ name, onClose, onRenamed }: Props) {
  const store = useStore();
  const [wanted, setWanted] = useState(name);
  const [failed, setFailed] = useState<string | null>(null);
  const problem = nameProblem(wanted) ?? failed;
  const rename = async (event: FormEvent) => {
    event.preventDefault();
    const next = wanted.trim().replaceAll(" ", "_");
    if (next === name) {
      onClose();
      return;
    }
    try {
      await store.service.request("RENAME_IMAGE_SET", { set_name: name, new_name: next });
      onRenamed(next);
      onClose();
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog title="Rename the set" onClose={onClose}>
      <form className={styles.form} onSubmit={rename}>
        <input
          aria-label="New name"
          value={wanted}
          maxLength={120}
          required
          aria-invalid={problem !== null}
          onChange={(event) => {
            setWanted(event.target.value);
            setFailed(null);
          }}
        />
        {problem && <p role="alert">{problem}</p>}
        <div className={styles.buttons}>
          <Button onClick={onClose}>Keep the name</Button>
          <Button type="submit" tone="main" disabled={nameProblem(wanted) !== null}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
