import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ImageFile, Job } from "@/lib/protocol";
import { annotateCapture, deleteCaptures } from "@/services/captures";
import { awaited, currentJob, currentSeries, currentSet, NOTHING_KNOWN, offline, RigStore } from "@/services/RigStore";
import { WebSocketService } from "@/services/WebSocketService";
import { FakeSocket, settle } from "./FakeSocket";

let store: RigStore;

const image = (filename: string, rating: number | null = null): ImageFile => ({
  filename,
  path: `captures/${filename}`,
  size: 1,
  mimetype: filename.endsWith("jpg") ? "image/jpeg" : "image/x-canon-cr2",
  sha256: null,
  url: `/images/${filename}`,
  rating,
  notes: null,
  exposure_id: null,
});
const names = () => store.getState().captures.map((file) => file.filename);
const event = (change: string, ...files: ImageFile[]) =>
  FakeSocket.last.receive({ action: "captures_changed", success: true, data: { change, files }, error: null });

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
  store = new RigStore(new WebSocketService({ url: "ws://rig/ws", pulse: 0 }));
  store.start();
  FakeSocket.last.open();
});

afterEach(() => {
  store.stop();
  vi.unstubAllGlobals();
});

it("follows what other clients do with captures", async () => {
  await settle();
  event("created", image("a.jpg"));
  event("created", image("b.jpg"), image("b.cr2"));
  expect(names()).toEqual(["b.jpg", "b.cr2", "a.jpg"]);
  event("updated", image("a.jpg", 4));
  expect(store.getState().captures.at(-1)?.rating).toBe(4);
  event("deleted", image("b.jpg"), image("b.cr2"));
  expect(names()).toEqual(["a.jpg"]);
});

it("asks where a restored capture belongs", async () => {
  await settle();
  event("created", image("b.jpg"));
  event("restored", image("a.jpg"));
  await settle();
  FakeSocket.last.answer("LIST_CAPTURES", [image("b.jpg"), image("a.jpg")]);
  await settle();
  expect(names()).toEqual(["b.jpg", "a.jpg"]);
});

it("shows a rating as soon as the server keeps it", async () => {
  await settle();
  event("created", image("a.jpg"));
  void annotateCapture(store, store.getState().captures[0]!, { rating: 3 });
  expect(FakeSocket.last.request("ANNOTATE_IMAGE").payload).toEqual({ image_path: "captures/a.jpg", rating: 3 });
  FakeSocket.last.answer("ANNOTATE_IMAGE", image("a.jpg", 3));
  await settle();
  expect(store.getState().captures[0]?.rating).toBe(3);
});

it("takes every file of a deleted exposure away, and brings them back by Undo", async () => {
  await settle();
  event("created", image("a.jpg"), image("a.cr2"));
  void deleteCaptures(store, [store.getState().captures[0]!]);
  FakeSocket.last.answer("DELETE_IMAGE", { message: "Gone.", filenames: ["a.jpg", "a.cr2"] });
  await settle();
  expect(names()).toEqual([]);
  const notice = store.getState().notices.at(-1);
  expect(notice).toMatchObject({ text: "a.jpg is in the trash.", seconds: 10 });
  notice?.action?.run();
  expect(FakeSocket.last.request("RESTORE_IMAGE").payload).toEqual({ image_path: "captures/a.jpg" });
});

it("keeps series, sets and computations apart", async () => {
  await settle();
  const computation = { job_id: "0", kind: "computation", state: "running", started_at: "2026-01-02" } as Job;
  FakeSocket.last.receive({ action: "job_changed", success: true, data: computation, error: null });
  expect(currentJob(store.getState())).toBeNull();
  const job = { job_id: "1", kind: "series", state: "running", started_at: "2026-01-01" } as Job;
  FakeSocket.last.receive({ action: "job_changed", success: true, data: job, error: null });
  expect(currentJob(store.getState())).toEqual(job);
  expect(currentSeries(store.getState())).toEqual(job);
  expect(currentSet(store.getState())).toBeNull();
});

it("keeps a rating that was given before the reply to the capture came", async () => {
  await settle();
  const taken = store.capture();
  event("created", image("a.jpg"));
  event("updated", image("a.jpg", 5));
  FakeSocket.last.answer("CAPTURE_IMAGE", { files: [image("a.jpg")] });
  await taken;
  expect(store.getState().captures).toEqual([image("a.jpg", 5)]);
});

it("hears of sets and captures only while a screen shows them, also over a change of screens", async () => {
  const topics = () => FakeSocket.last.request("SUBSCRIBE").payload;
  await settle();
  FakeSocket.last.answer("GET_SERVER_INFO", { started_at: "1" });
  FakeSocket.last.answer("LIST_CAPTURES", [image("a.jpg")]);
  await settle();
  const gallery = store.watchImages();
  expect(topics()).toMatchObject({ topics: ["sets"] });
  FakeSocket.last.answer("LIST_CAPTURES", [image("b.jpg"), image("a.jpg")]);
  await settle();
  expect(names()).toEqual(["b.jpg", "a.jpg"]);
  gallery();
  const set = store.watchImages();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(FakeSocket.last.sent.filter(({ action }) => action === "SUBSCRIBE")).toHaveLength(1);
  set();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(topics()).toMatchObject({ topics: [] });
});

it("does not take what is not known yet for what is wrong", () => {
  const known = (change: object) => ({ ...NOTHING_KNOWN, ...change });
  const open = { state: "open", since: 0, reconnected: false };
  const lost = { state: "waiting", attempt: 1, retryAt: 0, reason: "" };
  expect(offline(known({}))).toBe("Connecting…");
  expect(offline(known({ status: { state: "connecting", attempt: 0 } }))).toBe("Connecting…");
  expect(offline(known({ status: lost }))).toBe("There is no connection to the server.");
  expect(offline(known({ status: { state: "connecting", attempt: 2 } }))).toBe("There is no connection to the server.");
  expect(offline(known({ status: open }))).toBeNull();
  expect(awaited(known({ status: open }))).toBe("Looking for the camera…");
  expect(awaited(known({ status: open, inventory: { cameras: [], open: [{ selected: true }] } }))).toBeNull();
  expect(awaited(known({ status: open, settled: true }))).toBeNull();
});

it("says why a token does not open something", () => {
  const open = { state: "open", since: 0, reconnected: false };
  const as = (server: object) => ({ ...NOTHING_KNOWN, status: open, server }) as typeof NOTHING_KNOWN;
  const viewer = as({ role: "viewer", rights: ["read"] });
  expect(offline(viewer, "read")).toBeNull();
  expect(offline(viewer)).toBe("Your token's role is viewer: you may look, and change nothing.");
  const operator = as({ role: "operator", rights: ["read", "control"] });
  expect(offline(operator)).toBeNull();
  expect(offline(operator, "delete")).toBe("Your token's role is operator: you may not delete.");
  // Servers that know one token do not tell what it opens.
  expect(offline(as({}), "delete")).toBeNull();
});
