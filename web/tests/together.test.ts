import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CameraInfo, CameraStatus, ConfigEntry } from "@/lib/protocol";
import { apart, callNames, commonValue, frameWidth, hindrance, type Outcome, sharedSettings } from "@/lib/together";
import { LiveviewStream } from "@/services/LiveviewStream";
import { applyToAll, shootAll } from "@/services/together";
import { WebSocketService } from "@/services/WebSocketService";
import { FakeSocket, settle } from "./FakeSocket";

let service: WebSocketService;

beforeEach(async () => {
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
  service = new WebSocketService({ url: "ws://rig/ws", pulse: 0 });
  service.connect();
  FakeSocket.last.open();
  await settle();
});

afterEach(() => {
  service.close();
  vi.unstubAllGlobals();
});

function entry(name: string, value: ConfigEntry["value"], options: string[], more: Partial<ConfigEntry> = {}) {
  const path = `/main/imgsettings/${name}`;
  return {
    name,
    label: name,
    alias: null,
    type: "menu",
    readonly: false,
    path,
    value,
    options,
    ...more,
  } as ConfigEntry;
}

it("offers the settings that are changed most, and all values that any camera has", () => {
  const configs = {
    one: [entry("zoom", "1", ["1"]), entry("iso", "100", ["100", "200"], { alias: "iso" })],
    two: [entry("iso", "200", ["100", "400"], { alias: "iso" }), entry("zoom", "2", ["2"])],
    three: [entry("rare", "x", ["x"]), entry("eosfw", 1, [], { type: "button", path: "/main/actions/eosfw" })],
  };
  const settings = sharedSettings(configs);
  expect(settings.map(({ name }) => name)).toEqual(["iso", "zoom"]);
  expect(settings[0]).toMatchObject({ label: "ISO", options: ["100", "200", "400"], cameras: ["one", "two"] });
  expect(commonValue(configs, "iso")).toBeNull();
  expect(commonValue({ one: configs.one }, "iso")).toBe("100");
});

it("tells cameras of one model apart by the end of their numbers", () => {
  const camera = (id: string, model: string, serial: string) => ({ camera_id: id, model, serial, port: id });
  const cameras = [camera("a", "X", "990001"), camera("b", "X", ""), camera("c", "Y", "5")] as CameraInfo[];
  expect(callNames(cameras)).toEqual({ a: "X ·\u00a00001", b: "X ·\u00a0b", c: "Y" });
});

it("says in words what hinders a camera", () => {
  const camera = { state: "ready", shots_left: 5, cause: null, next: null } as CameraStatus;
  expect(hindrance(camera, undefined)).toBeNull();
  expect(hindrance({ ...camera, state: "lost", cause: "The cable is out.", next: null }, undefined)).toBe(
    "Camera lost. The cable is out.",
  );
  expect(hindrance({ ...camera, shots_left: 0 }, undefined)).toBe("The card in the camera is full.");
  const job = { kind: "series" } as Parameters<typeof hindrance>[1];
  expect(hindrance(camera, job)).toBe("Busy: a series is being taken.");
});

it("asks for no more pixels than a tile has", () => {
  expect([100, 240, 300, 500, 2000].map(frameWidth)).toEqual([240, 240, 320, 640, 640]);
  expect([0.002, 0.24, 3.04, 52.3].map(apart)).toEqual([
    "less than 0.01 ms apart",
    "0.24 ms apart",
    "3.0 ms apart",
    "52 ms apart",
  ]);
});

it("sets one setting on every camera and tells each result by itself", async () => {
  const told: Record<string, Outcome> = {};
  const setting = { name: "iso", label: "ISO" };
  const all = applyToAll(service, ["one", "two"], setting, "400", (id, outcome) => {
    told[id] = outcome;
  });
  await settle();
  const [first, second] = FakeSocket.last.sent.filter(({ action }) => action === "SET_CONFIG");
  expect(first!.payload).toEqual({ camera_id: "one", config_name: "iso", value: "400" });
  expect(told.two!.state).toBe("pending");
  const reply = { action: "SET_CONFIG", request_id: second!.request_id };
  const error = "Failed to set config. The dial of the camera sets it.";
  FakeSocket.last.receive({ ...reply, success: false, data: null, error, error_code: "config_readonly" });
  FakeSocket.last.receive({
    ...reply,
    request_id: first!.request_id,
    success: true,
    data: { value: "400" },
    error: null,
  });
  await all;
  expect(told).toEqual({
    one: { state: "set", words: "ISO: 400" },
    two: { state: "refused", words: `ISO: ${error}` },
  });
});

it("says which camera kept all others from being released", async () => {
  const shot = shootAll(service, ["one", "two"], null);
  FakeSocket.last.refuse("CAPTURE_ALL", "Failed to capture with all cameras. Camera 'two': The card is full.", {
    error_code: "card_full",
    error_details: { camera_id: "two" },
    hint: "Put in another card.",
  });
  const why = "The card in the camera is full.";
  expect(await shot).toMatchObject({ result: null, failures: { two: why }, error: why, hint: "Put in another card." });
});

it("keeps the pictures of those that gave one where another gave none", async () => {
  const shot = shootAll(service, ["one", "two"], "software");
  const frames = [
    { camera_id: "one", files: [{ path: "a.jpg" }], error: null },
    { camera_id: "two", files: [], error: "It slept.", error_code: "camera_timeout" },
  ];
  const data = { message: "", exposure_id: "e", trigger: "software", skew_ms: 3, frames };
  FakeSocket.last.receive({
    action: "CAPTURE_ALL",
    success: false,
    data,
    error: "1 of 2 cameras gave no picture.",
    error_code: "capture_incomplete",
    request_id: FakeSocket.last.request("CAPTURE_ALL").request_id,
  });
  const told = await shot;
  expect(told?.frames.one?.files).toHaveLength(1);
  expect(told?.failures).toEqual({ two: "The camera took too long." });
});

it("hands each of several live views its own first frame, whatever order they come in", async () => {
  const shown: Record<string, number[]> = { one: [], two: [] };
  const streams = ["one", "two"].map((camera) => {
    const postMessage = ({ frame }: { frame: ArrayBuffer }) =>
      shown[camera]!.push(new DataView(frame).getUint16(2, true));
    const worker = { postMessage, onmessage: null } as unknown as Worker;
    const report = { state: vi.fn(), readout: vi.fn(), measured: vi.fn(), size: vi.fn() };
    const stream = new LiveviewStream(service, worker, report);
    stream.open();
    stream.want(camera, { maxWidth: 320, maxFps: 12, whole: false });
    return stream;
  });
  await settle();
  const starts = FakeSocket.last.sent.filter(({ action }) => action === "START_LIVEVIEW");
  expect(starts[0]!.payload).toMatchObject({ max_width: 320, max_fps: 12, adaptive: true, paced: true });
  // Both first frames overtake both replies.
  for (const number of [2, 1]) FakeSocket.last.receive(frame(number));
  for (const [place, start] of starts.entries()) {
    const data = { message: "", camera_id: ["one", "two"][place], stream: place + 1 };
    FakeSocket.last.receive({
      action: "START_LIVEVIEW",
      success: true,
      data,
      error: null,
      request_id: start.request_id,
    });
  }
  await settle();
  expect(shown).toEqual({ one: [1], two: [2] });
  for (const stream of streams) stream.close();
});

function frame(stream: number): ArrayBuffer {
  const header = new ArrayBuffer(24);
  const view = new DataView(header);
  view.setUint8(0, 1);
  view.setUint16(2, stream, true);
  return header;
}
