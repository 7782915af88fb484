import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestFailed, type ServiceOptions, WebSocketService } from "@/services/WebSocketService";
import { CLOSE_CODES } from "../lib/protocol";
import { FakeSocket, settle } from "./FakeSocket";

function serviceWith(options: Partial<ServiceOptions> = {}): WebSocketService {
  return new WebSocketService({ url: "ws://rig/ws", pulse: 0, random: () => 1, ...options });
}

async function connected(options: Partial<ServiceOptions> = {}): Promise<WebSocketService> {
  const service = serviceWith(options);
  service.connect();
  FakeSocket.last.open();
  await settle();
  return service;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.opened = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("requests", () => {
  it("resolves with the data of the reply that carries its id", async () => {
    const service = await connected();
    const first = service.request("GET_JOBS", {});
    const second = service.request("GET_CAMERAS", {});
    FakeSocket.last.answer("GET_CAMERAS", [{ model: "Canon" }]);
    FakeSocket.last.answer("GET_JOBS", []);
    expect(await first).toEqual([]);
    expect(await second).toEqual([{ model: "Canon" }]);
  });

  it("rejects with sentence, code, hint and data of a failure", async () => {
    const service = await connected();
    const asked = service.request("SET_CONFIG", { config_name: "iso", value: "3" });
    const facts = { error_code: "config_invalid", hint: "Choose an option.", retryable: false, data: { value: "100" } };
    FakeSocket.last.refuse("SET_CONFIG", "Failed to set config 'iso'.", facts);
    const failed = await asked.catch((error: RequestFailed) => error);
    expect(failed).toBeInstanceOf(RequestFailed);
    expect(failed).toMatchObject({ code: "config_invalid", hint: "Choose an option.", data: { value: "100" } });
  });

  it("gives up after the action's own time and ignores the late reply", async () => {
    const service = await connected();
    const asked = service.request("GET_JOBS", {}).catch((error: RequestFailed) => error);
    await vi.advanceTimersByTimeAsync(35_000);
    expect(await asked).toMatchObject({ code: "timeout", retryable: true });
    expect(() => FakeSocket.last.answer("GET_JOBS", [])).not.toThrow();
  });

  it("waits without end for an action that answers when a job ends", async () => {
    const service = await connected();
    const asked = service.request("CAPTURE_PHOTOMETRIC_SET", { light_sequence: ["a"] });
    await vi.advanceTimersByTimeAsync(3_600_000);
    FakeSocket.last.answer("CAPTURE_PHOTOMETRIC_SET", { message: "done" });
    expect(await asked).toEqual({ message: "done" });
  });

  it("refuses at once while there is no connection", async () => {
    const failed = await serviceWith()
      .request("GET_JOBS", {})
      .catch((error: RequestFailed) => error);
    expect(failed).toMatchObject({ code: "disconnected" });
  });

  it("fails what is under way when the connection breaks", async () => {
    const service = await connected();
    const asked = service.request("GET_JOBS", {}).catch((error: RequestFailed) => error);
    FakeSocket.last.drop();
    expect(await asked).toMatchObject({ code: "disconnected", retryable: true });
  });

  it("needs nothing that only secure pages have", async () => {
    vi.stubGlobal("crypto", undefined);
    const service = await connected();
    void service.request("GET_JOBS", {});
    expect(FakeSocket.last.request("GET_JOBS").request_id).toBe(1);
  });
});

describe("events and frames", () => {
  it("hands an event to its listeners until they leave", async () => {
    const service = await connected();
    const heard = vi.fn();
    const leave = service.on("lights_changed", heard);
    FakeSocket.last.receive({ action: "lights_changed", success: true, data: { states: { a: true } } });
    leave();
    FakeSocket.last.receive({ action: "lights_changed", success: true, data: { states: { a: false } } });
    expect(heard).toHaveBeenCalledTimes(1);
    expect(heard.mock.calls[0]![0]).toEqual({ states: { a: true } });
  });

  it("tells with the event why a live view ended", async () => {
    const service = await connected();
    const heard = vi.fn();
    service.on("stop_liveview", heard);
    const data = { camera_id: "c", resumes: true };
    FakeSocket.last.receive({
      action: "stop_liveview",
      success: false,
      data,
      error: "Lost.",
      error_code: "camera_lost",
    });
    expect(heard.mock.calls[0]![1]).toMatchObject({ success: false, error: { code: "camera_lost" } });
  });

  it("hands binary messages to frame listeners only", async () => {
    const service = await connected();
    const heard = vi.fn();
    service.onFrame(heard);
    FakeSocket.last.receive(new ArrayBuffer(24));
    expect(heard).toHaveBeenCalledTimes(1);
  });
});

describe("connection", () => {
  it("comes back with growing pauses, never longer than the longest", async () => {
    const service = serviceWith({ backoff: { first: 100, longest: 400 } });
    service.connect();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const now = Date.now();
      FakeSocket.last.drop();
      const status = service.getStatus();
      if (status.state === "waiting") pauses.push(status.retryAt! - now);
      await vi.advanceTimersByTimeAsync(400);
    }
    expect(pauses).toEqual([100, 200, 400, 400]);
    expect(FakeSocket.opened).toHaveLength(5);
  });

  it("spreads the attempts by chance, at most by half", () => {
    const service = serviceWith({ backoff: { first: 100, longest: 400 }, random: () => 0 });
    service.connect();
    const now = Date.now();
    FakeSocket.last.drop();
    const status = service.getStatus();
    expect(status.state === "waiting" && status.retryAt! - now).toBe(50);
  });

  it("subscribes again after each connect and gives the fresh snapshot before it says that it is open", async () => {
    const service = serviceWith({ topics: ["lights"] });
    const order: string[] = [];
    service.onSnapshot(() => order.push("snapshot"));
    service.onStatus(() => order.push(service.getStatus().state));
    service.connect();
    for (let round = 0; round < 2; round++) {
      FakeSocket.last.open();
      await settle();
      FakeSocket.last.answer("SUBSCRIBE", { topics: {} });
      await settle();
      if (round === 0) FakeSocket.last.drop();
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(order).toEqual(["connecting", "snapshot", "open", "waiting", "connecting", "snapshot", "open"]);
    expect(service.getStatus()).toMatchObject({ state: "open", reconnected: true });
  });

  it("is open when what must be known is known, and takes all else as it comes", async () => {
    const service = serviceWith({ topics: ["camera", "job"], later: ["storage"] });
    const told: string[] = [];
    service.onSnapshot((topics) => told.push(Object.keys(topics).join()));
    const leave = service.watch("sets");
    service.connect();
    FakeSocket.last.open();
    await settle();
    const first = FakeSocket.last.request("SUBSCRIBE");
    expect(first.payload).toEqual({ topics: ["camera", "job", "storage", "sets"], snapshots: ["camera", "job"] });
    const none = { seq: 1, snapshot: null };
    const known = { seq: 1, snapshot: {} };
    FakeSocket.last.answer("SUBSCRIBE", { topics: { camera: known, job: known, storage: none, sets: none } });
    await settle();
    expect(service.getStatus().state).toBe("open");
    expect(FakeSocket.last.request("SUBSCRIBE").payload).toMatchObject({ snapshots: ["storage"] });
    FakeSocket.last.answer("SUBSCRIBE", { topics: { camera: none, job: none, storage: known, sets: none } });
    await settle();
    expect(told).toEqual(["camera,job", "storage"]);
    leave();
    expect(FakeSocket.last.request("SUBSCRIBE").payload).toEqual({
      topics: ["camera", "job", "storage"],
      snapshots: [],
    });
  });

  it("hears a topic for as long as anybody watches it", async () => {
    const service = await connected();
    const leave = [service.watch("sets"), service.watch("sets")];
    expect(FakeSocket.last.request("SUBSCRIBE").payload).toEqual({ topics: ["sets"], snapshots: [] });
    leave[0]!();
    leave[0]!();
    expect(FakeSocket.last.request("SUBSCRIBE").payload).toMatchObject({ topics: ["sets"] });
    leave[1]!();
    expect(FakeSocket.last.request("SUBSCRIBE").payload).toEqual({ topics: [] });
  });

  it("hands on behind a topic's state what came before it, except what is in it", async () => {
    const service = serviceWith({ topics: ["lights"] });
    const order: unknown[] = [];
    service.onSnapshot((topics) => order.push(topics.lights?.snapshot));
    service.on("lights_changed", (lights, { seq }) => order.push([lights, seq]));
    service.connect();
    FakeSocket.last.open();
    await settle();
    for (const seq of [3, 4]) {
      FakeSocket.last.receive({ action: "lights_changed", success: true, data: "newer", topic: "lights", seq });
    }
    FakeSocket.last.answer("SUBSCRIBE", { topics: { lights: { seq: 3, snapshot: "known" } } });
    await settle();
    expect(order).toEqual(["known", ["newer", 4]]);
  });

  it("tries at once when told to", () => {
    const service = serviceWith();
    service.connect();
    FakeSocket.last.drop();
    service.retryNow();
    expect(FakeSocket.opened).toHaveLength(2);
  });

  it("shows the token first", async () => {
    await connected({ token: () => "secret", topics: ["lights"] });
    expect(FakeSocket.last.sent.map((message) => message.action)).toEqual(["AUTH"]);
    FakeSocket.last.answer("AUTH", { message: "Authenticated." });
    await settle();
    expect(FakeSocket.last.sent.map((message) => message.action)).toEqual(["AUTH", "SUBSCRIBE"]);
  });

  it.each([
    ["the server closes for the want of a token", (socket: FakeSocket) => socket.drop(4401)],
    ["the token is wrong", (socket: FakeSocket) => socket.refuse("AUTH", "Wrong.", { error_code: "unauthorized" })],
  ])("stops trying when %s", async (_, happen) => {
    const service = await connected({ token: () => "wrong" });
    happen(FakeSocket.last);
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(service.getStatus().state).toBe("locked");
    expect(FakeSocket.opened).toHaveLength(1);
  });

  it.each([
    ["knows", 1013, "", "The server has as many connections as it takes."],
    ["does not know", 4999, "", "The server does not answer."],
    ["is told", 4429, "Too many wrong tokens.", "Too many wrong tokens."],
    ["is told for programs", 1011, "keepalive ping timeout", CLOSE_CODES.FAILED.sentence],
  ])("comes back after a reason that it %s", async (_, code, said, reason) => {
    const service = await connected();
    FakeSocket.last.drop(code, said);
    expect(service.getStatus()).toMatchObject({ state: "waiting", reason });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.opened.length).toBeGreaterThan(1);
  });

  it("comes back to a server that does not take it only when somebody says so", async () => {
    const service = await connected();
    FakeSocket.last.drop(CLOSE_CODES.FORBIDDEN.code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(service.getStatus()).toMatchObject({ state: "waiting", retryAt: null });
    expect(FakeSocket.opened).toHaveLength(1);
    service.retryNow();
    expect(FakeSocket.opened).toHaveLength(2);
  });

  it("takes a connection for dead that does not answer its pulse", async () => {
    const service = await connected({ pulse: 5000 });
    await vi.advanceTimersByTimeAsync(8100);
    expect(service.getStatus().state).not.toBe("open");
    expect(FakeSocket.opened[0]!.closed).toBe(true);
  });

  it("measures the round trip", async () => {
    const service = await connected({ pulse: 5000 });
    await vi.advanceTimersByTimeAsync(40);
    FakeSocket.last.answer("PING", {});
    await settle();
    expect(service.getLatency()).toBe(40);
  });

  it("closes for good", async () => {
    const service = await connected();
    service.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.opened).toHaveLength(1);
    expect(service.getStatus().state).toBe("idle");
  });
});
