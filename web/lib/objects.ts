/** The queue of objects in words and as it is shown. */
import { serverUrl } from "./base";
import { plural } from "./format";
import { type ImportedObjects, type ObjectStanding, type ObjectsChange, type QueuedObject, ROUTES } from "./protocol";

export type ObjectFilter = "all" | QueuedObject["state"];

/** What people call an object. */
export const called = ({ catalogue_number, name }: QueuedObject): string =>
  name ? `${catalogue_number} ${name}` : catalogue_number;

/** How much is left and done, such as 12 waiting · 3 done. */
export function counts({ waiting, done, skipped }: ObjectStanding): string {
  return [
    `${waiting} waiting`,
    ...(done > 0 ? [`${done} done`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(" · ");
}

/** Those that have every word of the search, and the state. */
export function shownObjects(objects: QueuedObject[], search: string, filter: ObjectFilter): QueuedObject[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return objects.filter((one) => {
    const text = called(one).toLowerCase();
    return (filter === "all" || one.state === filter) && words.every((word) => text.includes(word));
  });
}

/** The list after a change that left every object at its place. */
export function afterChange(objects: QueuedObject[], { changed }: ObjectsChange): QueuedObject[] {
  if (changed.length === 0) return objects;
  const fresh = new Map(changed.map((one) => [one.catalogue_number, one]));
  return objects.map((one) => fresh.get(one.catalogue_number) ?? one);
}

/** Before which object one must stand to be a place further up or down; undefined where it cannot go there. */
export function beforeWhich(objects: QueuedObject[], number: string, down: boolean): string | null | undefined {
  const place = objects.findIndex((one) => one.catalogue_number === number);
  if (place < 0 || (down ? place === objects.length - 1 : place === 0)) return undefined;
  return down ? (objects[place + 2]?.catalogue_number ?? null) : objects[place - 1]!.catalogue_number;
}

/** Send a list as it is, text or a file of a spreadsheet; rejects with the server's own sentence. */
export async function importObjects(content: Blob | string): Promise<ImportedObjects> {
  const reply = await fetch(serverUrl(ROUTES.OBJECT_LIST), { method: "POST", body: content });
  const told = await reply.json();
  if (!reply.ok) throw new Error([told.error, told.hint].filter(Boolean).join(" "));
  return told as ImportedObjects;
}

/** What a list gave, in a sentence. */
export const importedWords = ({ added_count, fault_count }: ImportedObjects): string =>
  `${plural(added_count, "object")} added${fault_count > 0 ? `, ${plural(fault_count, "line")} left out` : ""}.`;

export const reportUrl = (day: string): string => serverUrl(`${ROUTES.OBJECT_REPORT}?${new URLSearchParams({ day })}`);
