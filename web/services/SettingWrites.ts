/** Settings on their way to the camera: wanted, confirmed or refused; quick changes are sent as one. */
import type { ConfigEntry } from "../lib/protocol";
import type { WebSocketService } from "./WebSocketService";
import { RequestFailed } from "./WebSocketService";

export type SettingValue = string | number | boolean;

export interface Write {
  state: "pending" | "confirmed" | "rejected";
  wanted: SettingValue;
  /** What the camera said where it refused. */
  message: string | null;
}

const GATHER_MS = 140;
const CONFIRMED_MS = 1400;
const REJECTED_MS = 9000;

export class SettingWrites {
  private writes = new Map<string, Write>();
  private waiting = new Map<string, ReturnType<typeof setTimeout>>();
  private underWay = new Set<string>();
  private fading = new Map<string, ReturnType<typeof setTimeout>>();
  private listeners = new Set<() => void>();

  constructor(
    private readonly service: WebSocketService,
    private readonly confirmed: (cameraId: string, entry: ConfigEntry) => void,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  get(cameraId: string, path: string): Write | undefined {
    return this.writes.get(key(cameraId, path));
  }

  /** Want a value: it is sent when no other comes for a moment and the one before has been answered. */
  want(cameraId: string, path: string, value: SettingValue): void {
    const place = key(cameraId, path);
    this.put(place, { state: "pending", wanted: value, message: null });
    clearTimeout(this.waiting.get(place));
    this.waiting.set(
      place,
      setTimeout(() => {
        this.waiting.delete(place);
        void this.send(cameraId, path);
      }, GATHER_MS),
    );
  }

  private async send(cameraId: string, path: string): Promise<void> {
    const place = key(cameraId, path);
    const wanted = this.writes.get(place)?.wanted;
    if (wanted === undefined || this.underWay.has(place)) return;
    this.underWay.add(place);
    try {
      const entry = await this.service.request("SET_CONFIG", { camera_id: cameraId, config_name: path, value: wanted });
      this.confirmed(cameraId, entry);
      this.answer(place, wanted, { state: "confirmed", wanted, message: null });
    } catch (error) {
      const failed = error instanceof RequestFailed ? error : null;
      const kept = failed?.data as ConfigEntry | null;
      if (kept && typeof kept === "object" && "path" in kept) this.confirmed(cameraId, kept);
      const message = failed ? [failed.message, failed.hint].filter(Boolean).join(" ") : String(error);
      this.answer(place, wanted, { state: "rejected", wanted, message });
    } finally {
      this.underWay.delete(place);
      const later = this.writes.get(place);
      if (later?.state === "pending" && later.wanted !== wanted && !this.waiting.has(place)) {
        void this.send(cameraId, path);
      }
    }
  }

  /** Keep the answer, unless another value is wanted meanwhile. */
  private answer(place: string, wanted: SettingValue, write: Write): void {
    if (this.writes.get(place)?.wanted !== wanted || this.waiting.has(place)) return;
    this.put(place, write);
    const shown = write.state === "confirmed" ? CONFIRMED_MS : REJECTED_MS;
    const fade = setTimeout(() => {
      if (this.writes.get(place) === write) {
        this.writes.delete(place);
        this.tell();
      }
    }, shown);
    this.fading.set(place, fade);
  }

  private put(place: string, write: Write): void {
    clearTimeout(this.fading.get(place));
    this.writes.set(place, write);
    this.tell();
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function key(cameraId: string, path: string): string {
  return `${cameraId} ${path}`;
}
