import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LiveviewStream, type StreamState } from "@/services/LiveviewStream";
import { WebSocketService } from "@/services/WebSocketService";
import { FakeSocket, settle } from "./FakeSocket";

let stream: LiveviewStream;
let states: StreamState["state"][];
const asked = () => FakeSocket.last.sent.map((message) => message.action).filter((action) => action !== "PING");
const started = { message: "Liveview stream initiated.", camera_id: "c", stream: 1 };

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
  states = [];
  const service = new WebSocketService({ url: "ws://rig/ws", pulse: 0 });
  service.connect();
  FakeSocket.last.open();
  await settle();
  const report = { state: ({ state }: StreamState) => states.push(state), readout: vi.fn(), measured: vi.fn() };
  stream = new LiveviewStream(service, { postMessage: vi.fn(), onmessage: null } as unknown as Worker, {
    ...report,
    size: vi.fn(),
  });
  stream.open();
  stream.want("c");
  await settle();
});

afterEach(() => {
  stream.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("stops a live view that has not begun yet, and is off when its answer comes", async () => {
  stream.want(null);
  expect(asked().slice(-2)).toEqual(["START_LIVEVIEW", "STOP_LIVEVIEW"]);
  FakeSocket.last.refuse("START_LIVEVIEW", "The live view was stopped.", { error_code: "liveview_stopped" });
  await settle();
  expect(states).toEqual(["starting", "off"]);
});

it("is off also where the start had been answered when the stop was sent", async () => {
  stream.want(null);
  FakeSocket.last.answer("START_LIVEVIEW", started);
  await settle();
  expect(states).toEqual(["starting", "off"]);
});

it("shows the camera again that is wanted anew while the first start is still unanswered", async () => {
  const first = FakeSocket.last.request("START_LIVEVIEW");
  stream.want(null);
  stream.want("c");
  await settle();
  FakeSocket.last.receive({
    action: "START_LIVEVIEW",
    success: false,
    data: null,
    error: "The live view was stopped.",
    error_code: "liveview_stopped",
    request_id: first.request_id,
  });
  await settle();
  FakeSocket.last.answer("START_LIVEVIEW", started);
  await settle();
  expect(states).toEqual(["starting", "off", "starting", "live"]);
});
