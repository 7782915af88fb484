/**
 * The connection to a Tetherlight server: typed requests, events, frames, and coming back by itself.
 *
 * It needs nothing but `lib/protocol.ts` and a browser, and no secure context, so it can be taken into any front end:
 *
 *     const service = new WebSocketService({ url: "ws://rig.local:8000/ws", topics: ["lights"] });
 *     service.on("lights_changed", (states) => console.log(states));
 *     service.connect();
 *     await service.request("SET_LIGHT_STATE", { light_name: "lights_top", state: true });
 */
import { ACTION_TIMEOUTS_S, type Actions, CLOSE_CODES, type Events, type Reply, type Topics } from "../lib/protocol";

export type ActionName = keyof Actions;
export type EventName = keyof Events;
export type Topic = keyof Topics;
export type Payload<A extends ActionName> = Actions[A]["payload"];
export type Result<A extends ActionName> = Actions[A]["result"];
/** How topics stand, each with the number of the last event that is in it for sure. */
export type Snapshots = { [T in Topic]?: { seq: number; snapshot: Topics[T]["snapshot"] } };
export type EventData<E extends EventName> = Events[E]["data"];

/** A request that failed, as the server told it or as the connection broke it. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly hint: string | null = null,
    readonly retryable = false,
    readonly details: Record<string, unknown> | null = null,
    readonly data: unknown = null,
  ) {
    super(message);
    this.name = "RequestFailed";
  }
}

export type ConnectionStatus =
  | { state: "idle" }
  | { state: "connecting"; attempt: number }
  | { state: "open"; since: number; reconnected: boolean }
  /** Without a time of the next attempt there is none: the server would give the same answer. */
  | { state: "waiting"; attempt: number; retryAt: number | null; reason: string }
  | { state: "locked"; reason: string };

/** How an event came: its number in its topic, and its error fields where it tells of a failure. */
export interface EventFacts {
  success: boolean;
  error: RequestFailed | null;
  seq: number | null;
}

export interface ServiceOptions {
  url: string;
  /** Topics that are subscribed to after every connect; the connection counts as open when their state is known. */
  topics?: Topic[];
  /** Topics whose state may come later. */
  later?: Topic[];
  /** Gives the token for the first message; null where a cookie or nothing is needed. */
  token?: () => string | null;
  /** First and longest pause before the next attempt, in milliseconds. */
  backoff?: { first: number; longest: number };
  /** A number from 0 to 1 that spreads the attempts of many clients. */
  random?: () => number;
  /** Milliseconds between two measurements of the latency; 0 measures never. */
  pulse?: number;
}

/** What the server sends: replies, and events with their place in a topic. */
type Incoming = Reply & { topic?: Topic; seq?: number };

interface Pending {
  action: ActionName;
  resolve: (data: unknown) => void;
  reject: (error: RequestFailed) => void;
  timer: ReturnType<typeof setTimeout> | null;
}

const REPLY_SLACK_MS = 5000;
const PULSE_LIMIT_MS = 8000;

const CLOSINGS = new Map<number, { sentence: string; again: boolean }>(
  Object.values(CLOSE_CODES).map((row) => [row.code, row]),
);

export class WebSocketService {
  private socket: WebSocket | null = null;
  private status: ConnectionStatus = { state: "idle" };
  private pending = new Map<number, Pending>();
  private lastId = 0;
  private attempt = 0;
  private everOpen = false;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private pulseTimer: ReturnType<typeof setInterval> | null = null;
  private latency: number | null = null;
  private statusListeners = new Set<() => void>();
  private frameListeners = new Set<(frame: ArrayBuffer) => void>();
  private snapshotListeners = new Set<(snapshots: Snapshots) => void>();
  private eventListeners = new Map<string, Set<(data: never, facts: EventFacts) => void>>();
  private watched = new Map<Topic, number>();
  /** Events of topics whose state is being asked for: they are handed on behind it. */
  private held = new Map<Topic, Incoming[]>();
  /** What was subscribed to last, in one text. */
  private asked = "";

  constructor(private readonly options: ServiceOptions) {}

  /** Open the connection and keep it open until `close`. */
  connect(): void {
    if (this.status.state === "idle") this.open();
  }

  /** End the connection and stop trying; requests under way fail. */
  close(): void {
    this.stopTimers();
    const socket = this.socket;
    this.socket = null;
    socket?.close(CLOSE_CODES.NORMAL.code);
    this.rejectAll("The connection was closed.");
    this.setStatus({ state: "idle" });
  }

  /** Try at once instead of waiting for the countdown, or again after a wrong token. */
  retryNow(): void {
    if (this.status.state === "waiting" || this.status.state === "locked") {
      this.stopTimers();
      this.open();
    }
  }

  getStatus = (): ConnectionStatus => this.status;

  /** The last round trip in milliseconds. */
  getLatency = (): number | null => this.latency;

  /** Call `listener` after each change of status or latency; the returned function ends that. */
  onStatus = (listener: () => void): (() => void) => listen(this.statusListeners, listener);

  /** Hear a topic's events too, without its state, until the returned function is called. */
  watch(topic: Topic): () => void {
    this.watched.set(topic, (this.watched.get(topic) ?? 0) + 1);
    this.watchAnew();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const left = (this.watched.get(topic) ?? 1) - 1;
      if (left > 0) this.watched.set(topic, left);
      else this.watched.delete(topic);
      this.watchAnew();
    };
  }

  /** Call `listener` with the fresh state of topics after each connect. */
  onSnapshot(listener: (snapshots: Snapshots) => void): () => void {
    return listen(this.snapshotListeners, listener);
  }

  /** Call `listener` with each binary message: a live view frame behind its header. */
  onFrame(listener: (frame: ArrayBuffer) => void): () => void {
    return listen(this.frameListeners, listener);
  }

  on<E extends EventName>(event: E, listener: (data: EventData<E>, facts: EventFacts) => void): () => void {
    const listeners = this.eventListeners.get(event) ?? new Set();
    this.eventListeners.set(event, listeners);
    return listen(listeners, listener as (data: never, facts: EventFacts) => void);
  }

  /** Ask for an action; reject with `RequestFailed` when it fails, when the time is over or the connection breaks. */
  request<A extends ActionName>(action: A, payload?: Payload<A>, timeoutMs?: number): Promise<Result<A>> {
    if (this.status.state !== "open") {
      return Promise.reject(new RequestFailed("There is no connection to the server.", "disconnected", null, true));
    }
    return this.ask(action, payload, timeoutMs);
  }

  /** Send an action whose reply nobody waits for. */
  tell<A extends ActionName>(action: A, payload?: Payload<A>): void {
    if (this.status.state === "open") this.socket?.send(JSON.stringify({ action, payload: payload ?? {} }));
  }

  private ask<A extends ActionName>(action: A, payload?: Payload<A>, timeoutMs?: number): Promise<Result<A>> {
    const id = ++this.lastId;
    const seconds = ACTION_TIMEOUTS_S[action];
    const limit = timeoutMs ?? (seconds === null ? null : seconds * 1000 + REPLY_SLACK_MS);
    return new Promise<Result<A>>((resolve, reject) => {
      const timer = limit === null ? null : setTimeout(() => this.giveUp(id, limit), limit);
      this.pending.set(id, { action, resolve: resolve as (data: unknown) => void, reject, timer });
      this.socket?.send(JSON.stringify({ action, payload: payload ?? {}, request_id: id }));
    });
  }

  private giveUp(id: number, limit: number): void {
    const pending = this.take(id);
    const sentence = `The server did not answer ${pending?.action} within ${Math.round(limit / 1000)} s.`;
    pending?.reject(new RequestFailed(sentence, "timeout", null, true));
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    if (pending?.timer) clearTimeout(pending.timer);
    this.pending.delete(id);
    return pending;
  }

  private open(): void {
    this.setStatus({ state: "connecting", attempt: this.attempt });
    const socket = new WebSocket(this.options.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => this.greet(socket);
    socket.onmessage = (message) => {
      if (socket === this.socket) this.read(message.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.lose(event.code, event.reason);
    };
  }

  private async greet(socket: WebSocket): Promise<void> {
    const { topics = [], later = [] } = this.options;
    try {
      const token = this.options.token?.() ?? null;
      if (token !== null) await this.ask("AUTH", { token });
      if (topics.length > 0) await this.subscribe(socket, topics);
      if (socket !== this.socket) return;
      const reconnected = this.everOpen;
      this.everOpen = true;
      this.attempt = 0;
      this.setStatus({ state: "open", since: Date.now(), reconnected });
      this.startPulse();
    } catch (error) {
      if (socket !== this.socket) return;
      const failed = error instanceof RequestFailed ? error : null;
      if (failed?.code === "unauthorized") this.lock(failed.message);
      else socket.close();
      return;
    }
    // Each by itself: a disk that sleeps keeps no other topic waiting.
    for (const topic of later) this.subscribe(socket, [topic]).catch(() => undefined);
    if (this.asked !== this.wanted().join()) this.watchAnew();
  }

  private wanted(): Topic[] {
    return [...new Set([...(this.options.topics ?? []), ...(this.options.later ?? []), ...this.watched.keys()])];
  }

  /** Subscribe to all that is wanted and take the state of some; their events wait until it is there. */
  private async subscribe(socket: WebSocket, snapshots: Topic[]): Promise<void> {
    const topics = this.wanted();
    this.asked = topics.join();
    for (const topic of snapshots) this.held.set(topic, []);
    let known: Snapshots = {};
    try {
      const whole = topics.length === snapshots.length;
      const snapshot = await this.ask("SUBSCRIBE", whole ? { topics } : { topics, snapshots });
      if (socket !== this.socket) return;
      known = Object.fromEntries(
        Object.entries(snapshot.topics).filter(([topic]) => snapshots.includes(topic as Topic)),
      ) as Snapshots;
      if (snapshots.length > 0) for (const listener of [...this.snapshotListeners]) listener(known);
    } finally {
      const waiting = snapshots.flatMap((topic) => this.held.get(topic) ?? []);
      for (const topic of snapshots) this.held.delete(topic);
      // What came before the state was taken is in it.
      for (const event of waiting) if ((event.seq ?? 0) > (known[event.topic!]?.seq ?? -1)) this.dispatch(event);
    }
  }

  private watchAnew(): void {
    const { socket } = this;
    if (this.status.state === "open" && socket) this.subscribe(socket, []).catch(() => undefined);
  }

  private read(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      for (const listener of [...this.frameListeners]) listener(data);
      return;
    }
    const message = JSON.parse(String(data)) as Incoming;
    if (typeof message.request_id === "number" && this.pending.has(message.request_id)) this.settle(message);
    else {
      const held = message.topic && this.held.get(message.topic);
      if (held) held.push(message);
      else this.dispatch(message);
    }
  }

  private settle(reply: Reply): void {
    const pending = this.take(reply.request_id as number);
    if (reply.success) pending?.resolve(reply.data);
    else pending?.reject(failureOf(reply));
  }

  private dispatch(message: Incoming): void {
    const listeners = this.eventListeners.get(message.action);
    const error = message.success ? null : failureOf(message);
    const facts = { success: message.success, error, seq: message.seq ?? null };
    for (const listener of [...(listeners ?? [])]) listener(message.data as never, facts);
  }

  private lose(code: number, said?: string): void {
    this.stopTimers();
    this.socket = null;
    this.latency = null;
    this.held.clear();
    this.rejectAll("The connection to the server was lost.");
    const closing = CLOSINGS.get(code) ?? CLOSE_CODES.BROKEN;
    if (code === CLOSE_CODES.UNAUTHORIZED.code) {
      this.lock(closing.sentence);
      return;
    }
    // With the codes of the transport itself comes a word for programs.
    const reason = (code >= 4000 && said) || closing.sentence;
    if (!closing.again) {
      this.setStatus({ state: "waiting", attempt: this.attempt, retryAt: null, reason });
      return;
    }
    const { first, longest } = this.options.backoff ?? { first: 250, longest: 2000 };
    const random = this.options.random ?? Math.random;
    // Half of the pause is fixed, half is chance: many browsers do not come back in the same instant.
    const pause = Math.min(longest, first * 2 ** this.attempt) * (0.5 + random() / 2);
    this.attempt += 1;
    this.setStatus({ state: "waiting", attempt: this.attempt, retryAt: Date.now() + pause, reason });
    this.retryTimer = setTimeout(() => this.open(), pause);
  }

  private lock(reason: string): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.setStatus({ state: "locked", reason });
  }

  private startPulse(): void {
    const every = this.options.pulse ?? 5000;
    if (every > 0) this.pulseTimer = setInterval(() => this.measure(), every);
    if (every > 0) this.measure();
  }

  private async measure(): Promise<void> {
    const started = performance.now();
    const socket = this.socket;
    try {
      await this.ask("PING", {}, PULSE_LIMIT_MS);
    } catch (error) {
      // Silence that long means that the connection is dead, whatever the operating system still believes.
      if (error instanceof RequestFailed && error.code === "timeout" && socket === this.socket) {
        socket?.close();
        this.lose(CLOSE_CODES.BROKEN.code);
        return;
      }
    }
    this.latency = performance.now() - started;
    for (const listener of [...this.statusListeners]) listener();
  }

  private rejectAll(sentence: string): void {
    for (const id of [...this.pending.keys()]) {
      this.take(id)?.reject(new RequestFailed(sentence, "disconnected", null, true));
    }
  }

  private stopTimers(): void {
    if (this.retryTimer) clearTimeout(this.retryTimer);
    if (this.pulseTimer) clearInterval(this.pulseTimer);
    this.retryTimer = null;
    this.pulseTimer = null;
  }

  private setStatus(status: ConnectionStatus): void {
    this.status = status;
    for (const listener of [...this.statusListeners]) listener();
  }
}

function listen<L>(listeners: Set<L>, listener: L): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function failureOf(reply: Reply): RequestFailed {
  return new RequestFailed(
    reply.error ?? "The server gave no reason.",
    reply.error_code ?? "unknown",
    reply.hint ?? null,
    reply.retryable ?? false,
    (reply.error_details as Record<string, unknown> | undefined) ?? null,
    reply.data,
  );
}
