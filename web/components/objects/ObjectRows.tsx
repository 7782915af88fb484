"use client";

import { useRef, useState } from "react";
import { beforeWhich, called, type ObjectFilter, shownObjects } from "@/lib/objects";
import type { QueuedObject } from "@/lib/protocol";
import { useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { useKeys } from "../useKeys";
import styles from "./ObjectsScreen.module.css";

/** Rows at first, so that what stands below is near, and with each press for more. */
const FIRST = 25;
const MORE = 200;
const FILTERS: [ObjectFilter, string][] = [
  ["waiting", "Waiting"],
  ["all", "All"],
  ["done", "Done"],
  ["skipped", "Skipped"],
];

interface Props {
  objects: QueuedObject[] | null;
  current: string | null;
}

/** The list in its order; a press on an object opens what can be done with it. */
export function ObjectRows({ objects, current }: Props) {
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<ObjectFilter>("waiting");
  const [most, setMost] = useState(FIRST);
  const [open, setOpen] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useKeys({
    "/": (event) => {
      event.preventDefault();
      field.current?.focus();
    },
  });
  if (objects === null || objects.length === 0) return null;
  const found = shownObjects(objects, search, filter);
  return (
    <section aria-label="List of objects">
      <div className={styles.tools}>
        <input
          ref={field}
          type="search"
          aria-label="Search objects"
          placeholder="Number or name"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <select aria-label="Which" value={filter} onChange={(event) => setFilter(event.target.value as ObjectFilter)}>
          {FILTERS.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {found.length === 0 && <p className={styles.soft}>No object fits.</p>}
      <ul className={styles.rows}>
        {found.slice(0, most).map((one) => (
          <Row
            key={one.catalogue_number}
            one={one}
            objects={objects}
            current={one.catalogue_number === current}
            open={one.catalogue_number === open}
            onOpen={() => setOpen(one.catalogue_number === open ? null : one.catalogue_number)}
          />
        ))}
      </ul>
      {found.length > most && <Button onClick={() => setMost(most + MORE)}>Show more of {found.length} objects</Button>}
    </section>
  );
}

interface RowProps {
  one: QueuedObject;
  objects: QueuedObject[];
  current: boolean;
  open: boolean;
  onOpen: () => void;
}

function Row({ one, objects, current, open, onOpen }: RowProps) {
  const number = one.catalogue_number;
  return (
    <li data-state={current ? "current" : one.state}>
      <button type="button" className={styles.row} aria-expanded={open} onClick={onOpen}>
        <span className={styles.what}>
          <strong>{number}</strong>
          {one.name && <span>{one.name}</span>}
        </span>
        <span className={styles.state}>{current ? "before the camera" : one.state}</span>
      </button>
      {open && <Deeds one={one} objects={objects} current={current} />}
    </li>
  );
}

/** What can be done with an object of the list. */
function Deeds({ one, objects, current }: Omit<RowProps, "open" | "onOpen">) {
  const store = useStore();
  const offline = useOffline();
  const deletes = useOffline("delete");
  const number = one.catalogue_number;
  const complain = (error: unknown) => store.complain(error);
  const mark = (state: QueuedObject["state"]) =>
    store.service.request("SET_OBJECT_STATE", { catalogue_numbers: [number], state }).catch(complain);
  const select = () => store.service.request("SELECT_OBJECT", { catalogue_number: number }).catch(complain);
  const move = (down: boolean) => {
    const before = beforeWhich(objects, number, down);
    if (before !== undefined)
      store.service.request("MOVE_OBJECT", { catalogue_number: number, before }).catch(complain);
  };
  const remove = () => store.service.request("DELETE_OBJECTS", { catalogue_numbers: [number] }).catch(complain);
  return (
    <div className={styles.deeds} role="group" aria-label={called(one)}>
      {!current && (
        <Button icon="camera" reason={offline} onClick={select}>
          Work on it
        </Button>
      )}
      {one.state === "waiting" ? (
        <>
          <Button icon="check" reason={offline} onClick={() => mark("done")}>
            Done
          </Button>
          {!current && (
            <Button icon="skip" reason={offline} onClick={() => mark("skipped")}>
              Skip
            </Button>
          )}
        </>
      ) : (
        <Button icon="retry" reason={offline} onClick={() => mark("waiting")}>
          Once more
        </Button>
      )}
      <Button
        icon="up"
        tone="quiet"
        aria-label="Move up"
        title="Move up"
        reason={offline}
        onClick={() => move(false)}
      />
      <Button
        icon="down"
        tone="quiet"
        aria-label="Move down"
        title="Move down"
        reason={offline}
        onClick={() => move(true)}
      />
      <Button
        icon="trash"
        tone="quiet"
        aria-label="Take it out of the list"
        title="Take it out of the list"
        reason={deletes}
        onClick={remove}
      />
    </div>
  );
}
