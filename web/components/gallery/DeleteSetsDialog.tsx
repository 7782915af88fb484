"use client";

import { useState } from "react";
import { bytes, plural } from "@/lib/format";
import type { ImageSet } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./DeleteSetsDialog.module.css";

const NAMED = 8;
const UNDO_S = 10;

interface Props {
  sets: ImageSet[];
  onClose: () => void;
  onDeleted: (names: string[]) => void;
}

/** Names what goes to the trash; afterwards it can be taken back for ten seconds. */
export function DeleteSetsDialog({ sets, onClose, onDeleted }: Props) {
  const store = useStore();
  const [busy, setBusy] = useState(false);
  const total = sets.reduce((sum, set) => sum + set.size, 0);
  const remove = async () => {
    setBusy(true);
    const gone: string[] = [];
    for (const { name } of sets) {
      try {
        await store.service.request("DELETE_IMAGE_SET", { set_name: name });
        gone.push(name);
      } catch (error) {
        store.complain(error);
      }
    }
    const restore = async () => {
      for (const name of gone) {
        await store.service.request("RESTORE_IMAGE_SET", { set_name: name }).catch((error) => store.complain(error));
      }
    };
    if (gone.length > 0) {
      const what = gone.length === 1 ? `“${gone[0]}”` : plural(gone.length, "set");
      store.notify({ text: `${what} moved to the trash.`, seconds: UNDO_S, action: { label: "Undo", run: restore } });
    }
    onDeleted(gone);
  };
  return (
    <Dialog
      title={sets.length === 1 ? "Move this set to the trash?" : `Move ${sets.length} sets to the trash?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep</Button>
          <Button tone="danger" icon="trash" disabled={busy} onClick={remove}>
            {busy ? "Moving…" : "Move to the trash"}
          </Button>
        </>
      }
    >
      <ul className={styles.names}>
        {sets.slice(0, NAMED).map((set) => (
          <li key={set.name}>
            <span>{set.name}</span>
            <span>{plural(set.image_count, "image")}</span>
          </li>
        ))}
        {sets.length > NAMED && <li>and {sets.length - NAMED} more</li>}
      </ul>
      <p>{bytes(total)} in all. The server keeps its trash for some days.</p>
    </Dialog>
  );
}
