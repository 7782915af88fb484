import { afterEach, describe, expect, it, vi } from "vitest";
import { afterChange, beforeWhich, counts, importedWords, importObjects, shownObjects } from "../lib/objects";
import type { ObjectsChange, QueuedObject } from "../lib/protocol";

const one = (catalogue_number: string, name: string | null = null, state: QueuedObject["state"] = "waiting") => ({
  catalogue_number,
  name,
  state,
});
const LIST = [one("1923.41", "Vase", "done"), one("1923.42", "Blue bowl"), one("x/7", null, "skipped")];

afterEach(() => vi.unstubAllGlobals());

describe("the list of objects", () => {
  it("is searched by every word in number or name, and by state", () => {
    expect(shownObjects(LIST, "1923 BOWL", "all")).toEqual([LIST[1]]);
    expect(shownObjects(LIST, "", "skipped")).toEqual([LIST[2]]);
    expect(shownObjects(LIST, "vase", "waiting")).toEqual([]);
  });

  it("takes over what has changed and keeps the rest as it is", () => {
    const change = { changed: [one("1923.42", "Blue bowl", "done")] } as ObjectsChange;
    const after = afterChange(LIST, change);
    expect(after.map(({ state }) => state)).toEqual(["done", "done", "skipped"]);
    expect(after[0]).toBe(LIST[0]);
  });

  it("says before which object one must stand to move by a place", () => {
    expect(beforeWhich(LIST, "1923.42", false)).toBe("1923.41");
    expect(beforeWhich(LIST, "1923.41", true)).toBe("x/7");
    expect(beforeWhich(LIST, "1923.42", true)).toBe(null);
    expect([beforeWhich(LIST, "1923.41", false), beforeWhich(LIST, "x/7", true)]).toEqual([undefined, undefined]);
  });

  it("is counted in words", () => {
    const standing = { current: null, following: null, waiting: 12, done: 3, skipped: 0 };
    expect(counts(standing)).toBe("12 waiting · 3 done");
  });
});

describe("an import", () => {
  it("is told with the lines that gave nothing", () => {
    const told = { added_count: 1, fault_count: 2 } as Parameters<typeof importedWords>[0];
    expect(importedWords(told)).toBe("1 object added, 2 lines left out.");
  });

  it("fails with the server's own sentence", async () => {
    const refusal = { error: "The list is no text.", hint: "Save it as CSV." };
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify(refusal), { status: 400 }));
    await expect(importObjects("x")).rejects.toThrow("The list is no text. Save it as CSV.");
  });
});
