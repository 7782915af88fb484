import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ImageSet, ImageSetPage, SetChange } from "@/lib/protocol";
import { ANY, type ListQuery } from "@/lib/sets";
import { SetShelf } from "@/services/SetShelf";
import { WebSocketService } from "@/services/WebSocketService";
import { FakeSocket, settle } from "./FakeSocket";

const NEWEST: ListQuery = { search: "", order: "newest", filter: "all", facets: ANY };
let shelf: SetShelf;
let service: WebSocketService;
const complain = vi.fn();

/** A set that began so many hours after the first one. */
function set(name: string, hour: number, change: Partial<ImageSet> = {}): ImageSet {
  const nothing = {
    camera: null,
    cover: null,
    rating: null,
    catalogue_number: null,
    fault: null,
    results: [],
    stale: false,
  };
  const created_at = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
  return { name, created_at, status: "completed", image_count: 1, size: 1, ...nothing, ...change };
}

const shown = () => shelf.getState().sets.map(({ name }) => name);
const asked = () => FakeSocket.last.sent.filter(({ action }) => action === "LIST_IMAGE_SETS");
const last = () => asked().at(-1)!.payload as Record<string, unknown>;

async function answer(sets: ImageSet[], page: Partial<ImageSetPage> = {}): Promise<void> {
  const told = { sets, total: sets.length, cursor: null, seq: 0, ...page };
  FakeSocket.last.answer("LIST_IMAGE_SETS", told);
  await settle();
}

function tell(
  change: SetChange["change"],
  name: string,
  now: ImageSet | null,
  seq = 1,
  new_name: string | null = null,
) {
  shelf.take({ set_name: name, change, new_name, set: now }, seq);
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
  complain.mockReset();
  service = new WebSocketService({ url: "ws://rig/ws", pulse: 0 });
  shelf = new SetShelf(service, complain, 2);
  service.connect();
  FakeSocket.last.open();
  await settle();
});

afterEach(() => {
  shelf.stop();
  service.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("pages", () => {
  it("are asked for when they are needed, one at a time", async () => {
    shelf.show(NEWEST);
    expect(last()).toEqual({ order: "newest", limit: 2, cursor: null });
    await answer([set("c", 3), set("b", 2)], { total: 5, cursor: "behind b" });
    expect(shelf.getState().total).toBe(5);
    shelf.need(70);
    shelf.need(80);
    await settle();
    expect(asked()).toHaveLength(2);
    expect(last()).toMatchObject({ cursor: "behind b", limit: 68 });
    await answer([set("b", 2), set("a", 1)], { total: 4 });
    expect(shown()).toEqual(["c", "b", "a"]);
    shelf.need(90);
    await settle();
    expect(asked()).toHaveLength(2);
  });

  it("all come where all are wanted", async () => {
    shelf.show(NEWEST);
    await answer([set("d", 4), set("c", 3)], { total: 4, cursor: "c" });
    const all = shelf.all();
    expect(last()).toMatchObject({ cursor: "c", limit: 1000 });
    await answer([set("b", 2)], { total: 4, cursor: "b" });
    await answer([set("a", 1)], { total: 4 });
    expect((await all).map(({ name }) => name)).toEqual(["d", "c", "b", "a"]);
  });

  it("of another search take the place of the old ones when they are there", async () => {
    shelf.show(NEWEST);
    await answer([set("a", 1)]);
    shelf.show({ ...NEWEST, search: "v" });
    shelf.show({ ...NEWEST, search: "va" });
    shelf.show({ ...NEWEST, search: "vase" });
    expect(shown()).toEqual(["a"]);
    await answer([set("v", 1)]);
    expect(shown()).toEqual(["a"]);
    expect(asked()).toHaveLength(3);
    expect(last()).toMatchObject({ search: "vase" });
    await answer([set("vase", 1)]);
    expect(shown()).toEqual(["vase"]);
  });

  it("that fail are complained of, and asked for again when the connection is back", async () => {
    shelf.show(NEWEST);
    FakeSocket.last.refuse("LIST_IMAGE_SETS", "The disk is gone.", { error_code: "store_error" });
    await settle();
    expect(complain).toHaveBeenCalledTimes(1);
    expect(shelf.getState()).toMatchObject({ total: null, failed: true });
    shelf.refresh();
    FakeSocket.last.drop();
    await settle();
    expect(complain).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3000);
    FakeSocket.last.open();
    await settle();
    shelf.refresh();
    await answer([set("a", 1)]);
    expect(shown()).toEqual(["a"]);
    expect(shelf.getState().failed).toBe(false);
  });
});

it("asks again for a list that was wanted anew while its request was just failing", async () => {
  const late = new WebSocketService({ url: "ws://rig/ws", pulse: 0 });
  const early = new SetShelf(late, complain, 2);
  early.show(NEWEST);
  late.connect();
  FakeSocket.last.open();
  early.refresh();
  await settle();
  await answer([set("a", 1)]);
  expect(early.getState()).toMatchObject({ total: 1, failed: false });
  late.close();
});

describe("events", () => {
  beforeEach(async () => {
    shelf.show(NEWEST);
    await answer([set("d", 4), set("b", 2)], { total: 9, cursor: "b" });
  });

  it("of frames replace the set and ask for nothing, however many there are", async () => {
    for (let frame = 1; frame <= 24; frame++) tell("updated", "d", set("d", 4, { image_count: frame }), frame);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(shelf.getState().sets[0]?.image_count).toBe(24);
    expect(shelf.getState().total).toBe(9);
    expect(asked()).toHaveLength(1);
  });

  it("put a new set where it belongs", () => {
    tell("created", "e", set("e", 5));
    tell("created", "c", set("c", 3));
    expect(shown()).toEqual(["e", "d", "c", "b"]);
    expect(shelf.getState().total).toBe(11);
    tell("created", "a", set("a", 1));
    expect(shown()).toEqual(["e", "d", "c", "b"]);
    expect(shelf.getState().total).toBe(12);
  });

  it("take away what was deleted, and bring it back where it was", async () => {
    tell("deleted", "d", null);
    expect(shown()).toEqual(["b"]);
    expect(shelf.getState().total).toBe(8);
    tell("restored", "d", set("d", 4));
    expect(shown()).toEqual(["d", "b"]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toHaveLength(2);
  });

  it("rename a set in its place", async () => {
    tell("renamed", "d", set("urn", 4), 1, "urn");
    expect(shown()).toEqual(["urn", "b"]);
    expect(shelf.getState().total).toBe(9);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toHaveLength(1);
  });

  it("that only the server can place lead to one list, with all that was loaded", async () => {
    for (const name of ["x", "y", "z"]) tell("deleted", name, null);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked()).toHaveLength(2);
    expect(last()).toMatchObject({ cursor: null, limit: 2 });
    await answer([set("d", 4), set("b", 2)], { total: 6, cursor: "b" });
    expect(shelf.getState().total).toBe(6);
  });

  it("that come while a page is on its way are not lost in it", async () => {
    shelf.refresh();
    await settle();
    tell("updated", "d", set("d", 4, { image_count: 7 }), 8);
    tell("updated", "b", set("b", 2, { image_count: 9 }), 9);
    await answer([set("d", 4, { image_count: 7 }), set("b", 2, { image_count: 8 })], { total: 2, seq: 8 });
    expect(shelf.getState().sets.map(({ image_count }) => image_count)).toEqual([7, 9]);
  });
});

it("drops a set that does not match any more", async () => {
  shelf.show({ ...NEWEST, order: "rating", filter: "stars3" });
  expect(last()).toMatchObject({ min_rating: 3, order: "rating" });
  await answer([set("a", 1, { rating: 5 }), set("b", 2, { rating: 3 })]);
  tell("updated", "a", set("a", 1, { rating: 2 }));
  expect(shown()).toEqual(["b"]);
  tell("updated", "c", set("c", 3, { rating: 4 }));
  expect(shown()).toEqual(["c", "b"]);
  expect(shelf.getState().total).toBe(2);
});
