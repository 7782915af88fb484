"use client";

import { useCallback, useEffect, useState } from "react";
import { bytes, dateAndTime, plural } from "@/lib/format";
import type { TrashItem, TrashList } from "@/lib/protocol";
import { useConnected, useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { EmptyState } from "../ui/EmptyState";
import { Icon } from "../ui/Icon";
import styles from "./TrashShelf.module.css";

const DAY_MS = 86_400_000;

/** What was deleted, how long it can still be brought back, and emptying it for good. */
export function TrashShelf({ search }: { search: string }) {
  const store = useStore();
  const reason = useOffline("delete");
  const { trash, reload } = useTrash();
  const [emptying, setEmptying] = useState(false);
  const [busy, setBusy] = useState<string | null>(null);
  if (trash === null) return <EmptyState icon="trash" title="Looking into the trash" />;
  if (trash.items.length === 0) {
    return (
      <EmptyState icon="trash" title="The trash is empty">
        <p>What is deleted stays here for some days and can be brought back.</p>
      </EmptyState>
    );
  }
  const words = search.toLowerCase().split(/\s+/);
  const items = trash.items.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const restore = async (item: TrashItem) => {
    setBusy(keyOf(item));
    try {
      if (item.kind === "set") await store.service.request("RESTORE_IMAGE_SET", { set_name: item.name });
      else await store.service.request("RESTORE_IMAGE", { image_path: item.image_path ?? item.name });
      store.notify({ text: `“${item.name}” is back.` });
    } catch (error) {
      store.complain(error);
    }
    setBusy(null);
    await reload();
  };
  return (
    <section className={styles.trash} aria-label="Trash">
      <div className={styles.head}>
        <p>
          {plural(trash.total, "thing")} · {bytes(trash.size)}
        </p>
        <Button tone="danger" icon="trash" reason={reason} onClick={() => setEmptying(true)}>
          Empty the trash
        </Button>
      </div>
      <ul className={styles.items}>
        {items.map((item) => (
          <li key={keyOf(item)}>
            <Icon name={item.kind === "set" ? "gallery" : "camera"} />
            <span className={styles.what}>
              <span>{item.name}</span>
              <span className={styles.facts}>
                {item.kind === "set" ? plural(item.image_count, "image") : "single shot"} · {bytes(item.size)} · deleted{" "}
                {dateAndTime(item.deleted_at)}
              </span>
            </span>
            <span className={styles.left}>{timeLeft(item)}</span>
            <Button
              icon="retry"
              reason={reason}
              disabled={busy !== null}
              aria-label={`Restore ${item.name}`}
              onClick={() => void restore(item)}
            >
              Restore
            </Button>
          </li>
        ))}
      </ul>
      {items.length === 0 && <EmptyState icon="search" title="Nothing in the trash matches" />}
      {emptying && <EmptyDialog trash={trash} onClose={() => setEmptying(false)} onEmptied={() => void reload()} />}
    </section>
  );
}

interface DialogProps {
  trash: TrashList;
  onClose: () => void;
  onEmptied: () => void;
}

function EmptyDialog({ trash, onClose, onEmptied }: DialogProps) {
  const store = useStore();
  const [busy, setBusy] = useState(false);
  const empty = async () => {
    setBusy(true);
    try {
      const { message } = await store.service.request("EMPTY_TRASH", {});
      store.notify({ text: message });
    } catch (error) {
      store.complain(error);
    }
    onEmptied();
    onClose();
  };
  return (
    <Dialog
      title="Empty the trash?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button tone="danger" icon="trash" disabled={busy} onClick={empty}>
            {busy ? "Emptying…" : "Empty the trash"}
          </Button>
        </>
      }
    >
      <p>
        {plural(trash.total, "thing")} with {bytes(trash.size)} {trash.total === 1 ? "goes" : "go"} for good. This
        cannot be taken back.
      </p>
    </Dialog>
  );
}

function useTrash() {
  const store = useStore();
  const connected = useConnected();
  const [trash, setTrash] = useState<TrashList | null>(null);
  const reload = useCallback(async () => {
    try {
      setTrash(await store.service.request("LIST_TRASH", {}));
    } catch (error) {
      store.complain(error);
    }
  }, [store]);
  useEffect(() => {
    if (!connected) return;
    void reload();
    let timer: ReturnType<typeof setTimeout> | null = null;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = null;
        void reload();
      }, 400);
    };
    const ends = [
      store.service.on("trash_removed", soon),
      store.service.on("sets_changed", ({ change }) => (change === "deleted" || change === "restored") && soon()),
      store.service.on("captures_changed", ({ change }) => (change === "deleted" || change === "restored") && soon()),
    ];
    return () => {
      if (timer) clearTimeout(timer);
      for (const end of ends) end();
    };
  }, [store, connected, reload]);
  return { trash, reload };
}

function keyOf({ kind, name, deleted_at }: TrashItem): string {
  return `${kind} ${name} ${deleted_at}`;
}

/** How long it can be brought back for sure. */
function timeLeft({ stays_until }: TrashItem): string {
  const left = Date.parse(stays_until) - Date.now();
  if (left <= 0) return "goes soon";
  const days = Math.floor(left / DAY_MS);
  return days >= 1 ? `${plural(days, "day")} left` : "less than a day left";
}
