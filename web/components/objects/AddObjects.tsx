"use client";

import { type ChangeEvent, type DragEvent, useRef, useState } from "react";
import { importedWords, importObjects } from "@/lib/objects";
import type { ImportedObjects } from "@/lib/protocol";
import { useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./ObjectsScreen.module.css";

const FAULTS_SHOWN = 8;

/** Paste a list, or choose or drop a file; what a line is not taken for is told. */
export function AddObjects({ empty }: { empty: boolean }) {
  const store = useStore();
  const offline = useOffline();
  const deletes = useOffline("delete");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<ImportedObjects | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const add = async (content: Blob | string) => {
    setBusy(true);
    try {
      setTold(await importObjects(content));
      if (typeof content === "string") setText("");
    } catch (error) {
      setTold(null);
      store.complain(error);
    } finally {
      setBusy(false);
    }
  };
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const given = event.currentTarget.files?.[0];
    event.currentTarget.value = "";
    if (given) void add(given);
  };
  const drop = (event: DragEvent) => {
    const given = event.dataTransfer.files[0];
    if (!given || offline !== null) return;
    event.preventDefault();
    void add(given);
  };
  const clear = () =>
    store.service
      .request("DELETE_OBJECTS", { state: "done" })
      .then(({ message }) => store.notify({ text: message }))
      .catch((error) => store.complain(error));
  return (
    <section className={styles.section} aria-labelledby="add-objects">
      <h2 id="add-objects">Add objects</h2>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping a file is one more way than the button. */}
      <div onDrop={drop} onDragOver={(event) => event.preventDefault()}>
        <Field label="List" hint="CSV, cells of a spreadsheet, or one number in a line; number first, then name.">
          {(control) => (
            <textarea
              {...control}
              rows={empty ? 7 : 4}
              value={text}
              spellCheck={false}
              placeholder={"1923.41;Vase\n1923.42;Bowl"}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
      </div>
      <div className={styles.buttons}>
        <Button
          tone={empty ? "main" : "plain"}
          icon="plus"
          disabled={busy}
          reason={offline ?? (text.trim() === "" ? "Paste or type a list first." : null)}
          onClick={() => void add(text)}
        >
          Add
        </Button>
        <Button disabled={busy} reason={offline} onClick={() => file.current?.click()}>
          Choose a file
        </Button>
        {!empty && (
          <Button tone="quiet" icon="trash" reason={deletes} onClick={clear}>
            Take out those done
          </Button>
        )}
        <input
          ref={file}
          type="file"
          accept=".csv,.txt,.tsv,text/*"
          aria-label="File of objects"
          hidden
          onChange={take}
        />
      </div>
      <div role="status" className={styles.told}>
        {told && <p>{importedWords(told)}</p>}
        {told && told.fault_count > 0 && (
          <ul>
            {told.faults.slice(0, FAULTS_SHOWN).map(({ line, message }) => (
              <li key={line}>
                Line {line}: {message}
              </li>
            ))}
            {told.fault_count > FAULTS_SHOWN && <li>And {told.fault_count - FAULTS_SHOWN} more.</li>}
          </ul>
        )}
      </div>
    </section>
  );
}
