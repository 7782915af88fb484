import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SettingWrites } from "@/services/SettingWrites";
import { WebSocketService } from "@/services/WebSocketService";
import { FakeSocket, settle } from "./FakeSocket";

let writes: SettingWrites;
const confirmed = vi.fn();
const sent = () => FakeSocket.last.sent.filter((message) => message.action === "SET_CONFIG");

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
  confirmed.mockClear();
  const service = new WebSocketService({ url: "ws://rig/ws", pulse: 0 });
  writes = new SettingWrites(service, confirmed);
  service.connect();
  FakeSocket.last.open();
  await settle();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("sends quick changes as one", async () => {
  for (const value of ["200", "400", "800"]) writes.want("c", "/main/iso", value);
  await vi.advanceTimersByTimeAsync(200);
  expect(sent().map((message) => message.payload)).toEqual([
    { camera_id: "c", config_name: "/main/iso", value: "800" },
  ]);
});

it("goes from pending to confirmed and then falls silent", async () => {
  writes.want("c", "/main/iso", "200");
  expect(writes.get("c", "/main/iso")?.state).toBe("pending");
  await vi.advanceTimersByTimeAsync(200);
  FakeSocket.last.answer("SET_CONFIG", { path: "/main/iso", value: "200" });
  await settle();
  expect(writes.get("c", "/main/iso")?.state).toBe("confirmed");
  expect(confirmed).toHaveBeenCalledWith("c", { path: "/main/iso", value: "200" });
  await vi.advanceTimersByTimeAsync(2000);
  expect(writes.get("c", "/main/iso")).toBeUndefined();
});

it("keeps the camera's words where it refuses", async () => {
  writes.want("c", "/main/iso", "200");
  await vi.advanceTimersByTimeAsync(200);
  FakeSocket.last.refuse("SET_CONFIG", "The camera kept 100.", {
    hint: "Turn the dial.",
    error_code: "config_rejected",
  });
  await settle();
  expect(writes.get("c", "/main/iso")).toMatchObject({
    state: "rejected",
    message: "The camera kept 100. Turn the dial.",
  });
});

it("sends what was wanted meanwhile after the answer, and does not show the older answer", async () => {
  writes.want("c", "/main/iso", "200");
  await vi.advanceTimersByTimeAsync(200);
  writes.want("c", "/main/iso", "400");
  await vi.advanceTimersByTimeAsync(200);
  expect(sent()).toHaveLength(1);
  FakeSocket.last.answer("SET_CONFIG", { path: "/main/iso", value: "200" });
  await settle();
  expect(writes.get("c", "/main/iso")).toMatchObject({ state: "pending", wanted: "400" });
  expect(sent()).toHaveLength(2);
});
