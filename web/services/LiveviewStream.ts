/** One camera's live view: asks for it, hands frames to the worker, and brings it back whenever it stops. */
import { readHeader } from "../lib/frames";
import type { Drawn, FromWorker, Measured, ToWorker } from "./liveviewMessages";
import { RequestFailed, type WebSocketService } from "./WebSocketService";

export type StreamState =
  | { state: "off" }
  | { state: "starting" }
  | { state: "live" }
  | { state: "stalled" }
  | { state: "failed"; message: string; hint: string | null };

/** How the stream does, over about the last second. */
export interface Readout {
  /** Frames drawn since the stream was opened. */
  frames: number;
  fps: number;
  /** Milliseconds from the camera to the screen; null where the clocks of server and browser differ too much. */
  latency: number | null;
  /** Frames that the server had and that were never shown here. */
  dropped: number;
  width: number;
  height: number;
  bytes: number;
}

/** The most that a viewer wants; null for all there is. */
export interface Limits {
  /** In pixels. */
  maxWidth: number | null;
  maxFps: number | null;
  /** Whole frames, however long they take: who looks closely wants what the camera sees. */
  whole: boolean;
}

export const UNLIMITED: Limits = { maxWidth: null, maxFps: null, whole: false };
const STALLED_MS = 1500;
const RESTART_MS = 3000;
const RETRY_MS = 2000;
const READOUT_MS = 500;
const PLAUSIBLE_LATENCY_MS = 10_000;

export class LiveviewStream {
  private wanted: string | null = null;
  private limits = UNLIMITED;
  private stream: number | null = null;
  /** Counts starts and stops: the reply to a start that was stopped or repeated since is of no interest. */
  private turn = 0;
  /** Frames of streams whose number is not known yet, the newest of each: other cameras may be watched as well. */
  private early = new Map<number, ArrayBuffer>();
  private state: StreamState = { state: "off" };
  private lastFrameAt = 0;
  private startedAt = 0;
  private lastSeq: number | null = null;
  private drawnAt: number[] = [];
  private dropped = 0;
  private frames = 0;
  private latest: Drawn | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private endings: (() => void)[] = [];

  constructor(
    private readonly service: WebSocketService,
    private readonly worker: Worker,
    private readonly report: {
      state: (state: StreamState) => void;
      readout: (readout: Readout) => void;
      measured: (measured: Measured) => void;
      /** Called when frames have another size than before. */
      size: (width: number, height: number) => void;
    },
  ) {}

  open(): void {
    const look = () => this.adjust();
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    document.addEventListener("visibilitychange", look);
    this.endings = [
      () => document.removeEventListener("visibilitychange", look),
      this.service.onFrame((frame) => this.pass(frame)),
      this.service.onStatus(() => this.followConnection()),
      this.service.on("stop_liveview", (data, { success, error }) => {
        if (success || (data && data.camera_id !== this.wanted)) return;
        if (data?.resumes) this.setState({ state: "stalled" });
        else this.fail(error ?? new RequestFailed("The live view ended.", "unknown"));
      }),
      this.service.on("camera_ready", ({ camera_id }) => {
        if (camera_id === this.wanted && this.state.state !== "live") void this.start();
      }),
    ];
    this.timer = setInterval(() => this.watch(), READOUT_MS);
  }

  close(): void {
    this.want(null);
    for (const end of this.endings) end();
    if (this.timer) clearInterval(this.timer);
    this.worker.onmessage = null;
  }

  /** Show this camera, or nothing. */
  want(cameraId: string | null, limits: Limits = UNLIMITED): void {
    const before = this.limits;
    const same = (["maxWidth", "maxFps", "whole"] as const).every((one) => limits[one] === before[one]);
    this.limits = limits;
    if (cameraId === this.wanted) {
      // A stream that runs goes on as asked now.
      if (!same && this.state.state !== "off") void this.start();
      return;
    }
    this.stop();
    this.wanted = cameraId;
    this.adjust();
  }

  /** Try again now. */
  again(): void {
    void this.start();
  }

  /** A page that nobody sees wants no frames. */
  private adjust(): void {
    if (this.wanted === null || document.visibilityState === "hidden") this.stop();
    else if (this.state.state === "off") void this.start();
  }

  private followConnection(): void {
    const { state } = this.service.getStatus();
    if (state !== "open" && this.stream !== null) this.forget();
    if (state === "open" && this.stream === null && this.state.state !== "starting") this.adjust();
  }

  private forget(): void {
    this.stream = null;
    this.early.clear();
    this.setState({ state: "off" });
  }

  private async start(): Promise<void> {
    const camera = this.wanted;
    if (camera === null || this.service.getStatus().state !== "open" || document.visibilityState === "hidden") return;
    if (this.retry) clearTimeout(this.retry);
    this.startedAt = performance.now();
    if (this.stream === null) this.setState({ state: "starting" });
    const turn = ++this.turn;
    try {
      const { maxWidth, maxFps, whole } = this.limits;
      const way = { encoding: "binary", paced: true, adaptive: !whole } as const;
      const payload = { camera_id: camera, ...way, max_width: maxWidth, max_fps: maxFps };
      const { stream } = await this.service.request("START_LIVEVIEW", payload);
      if (turn !== this.turn) return;
      if (stream !== this.stream) this.lastSeq = null;
      this.stream = stream;
      this.lastFrameAt = performance.now();
      this.setState({ state: "live" });
      const first = this.early.get(stream);
      this.early.clear();
      if (first) this.pass(first);
    } catch (error) {
      if (turn === this.turn)
        this.fail(error instanceof RequestFailed ? error : new RequestFailed(String(error), "unknown"));
    }
  }

  private stop(): void {
    if (this.retry) clearTimeout(this.retry);
    this.turn++;
    // Also while it starts: the server then lets no frame come.
    const flows = this.stream !== null || this.state.state === "starting";
    if (this.wanted !== null && flows) this.service.tell("STOP_LIVEVIEW", { camera_id: this.wanted });
    this.drawnAt = [];
    if (this.state.state !== "off") this.forget();
  }

  private fail(error: RequestFailed): void {
    this.stream = null;
    if (error.code === "disconnected") {
      this.setState({ state: "off" });
      return;
    }
    this.setState({ state: "failed", message: error.message, hint: error.hint });
    if (this.retry) clearTimeout(this.retry);
    if (error.code !== "preview_unsupported") this.retry = setTimeout(() => void this.start(), RETRY_MS);
  }

  private pass(frame: ArrayBuffer): void {
    const header = readHeader(frame);
    if (header === null) return;
    if (header.stream !== this.stream) {
      // The first frame may overtake the reply that tells the number of its stream.
      if (this.state.state === "starting") this.early.set(header.stream, frame);
      return;
    }
    const message: ToWorker = { kind: "frame", frame };
    this.worker.postMessage(message, [frame]);
  }

  private hear(message: FromWorker): void {
    if (message.kind === "measured") {
      this.report.measured(message);
      return;
    }
    if (message.stream !== this.stream || this.wanted === null) return;
    if (message.kind === "drawn") this.count(message);
    this.service.tell("READY", { camera_id: this.wanted });
  }

  private count(drawn: Drawn): void {
    const now = performance.now();
    this.lastFrameAt = now;
    this.frames++;
    this.drawnAt.push(now);
    if (this.lastSeq !== null && drawn.seq > this.lastSeq) this.dropped += drawn.seq - this.lastSeq - 1;
    this.lastSeq = drawn.seq;
    if (drawn.width !== this.latest?.width || drawn.height !== this.latest.height) {
      this.report.size(drawn.width, drawn.height);
    }
    this.latest = drawn;
    if (this.state.state === "stalled") this.setState({ state: "live" });
  }

  private watch(): void {
    const now = performance.now();
    this.drawnAt = this.drawnAt.filter((at) => now - at < 1000);
    const silence = now - this.lastFrameAt;
    if (this.state.state === "live" && silence > STALLED_MS) this.setState({ state: "stalled" });
    // A frame or a READY may be lost with a tab that slept: a second START is harmless.
    if (this.state.state === "stalled" && silence > RESTART_MS && now - this.startedAt > RESTART_MS) void this.start();
    if (this.latest === null || this.state.state === "off") return;
    const { width, height, bytes, capturedAt } = this.latest;
    const age = this.drawnAt.length > 0 ? Date.now() - capturedAt * 1000 - (now - this.lastFrameAt) : Number.NaN;
    const latency = age >= 0 && age < PLAUSIBLE_LATENCY_MS ? age : null;
    this.report.readout({
      frames: this.frames,
      fps: this.drawnAt.length,
      latency,
      dropped: this.dropped,
      width,
      height,
      bytes,
    });
  }

  private setState(state: StreamState): void {
    if (state.state === this.state.state && state.state !== "failed") return;
    this.state = state;
    this.report.state(state);
  }
}
