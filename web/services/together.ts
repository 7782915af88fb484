/** What is asked of several cameras at once, with what came of it for each. */
import type { CaptureAllResult, ConfigEntry, Frame } from "../lib/protocol";
import { type Outcome, type Value, whyNone } from "../lib/together";
import { RequestFailed, type WebSocketService } from "./WebSocketService";

/** Set one setting on each camera, side by side; `told` hears of each as soon as it has answered. */
export async function applyToAll(
  service: WebSocketService,
  cameras: string[],
  setting: { name: string; label: string },
  value: Value,
  told: (cameraId: string, outcome: Outcome) => void,
): Promise<void> {
  const one = async (cameraId: string) => {
    told(cameraId, { state: "pending", words: `${setting.label}: setting…` });
    try {
      const payload = { camera_id: cameraId, config_name: setting.name, value };
      const entry: ConfigEntry = await service.request("SET_CONFIG", payload);
      told(cameraId, { state: "set", words: `${setting.label}: ${String(entry.value)}` });
    } catch (error) {
      const why = error instanceof RequestFailed ? whyNone(error.message, error.code) : String(error);
      const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
      told(cameraId, { state: "refused", words: `${setting.label}: ${why}${hint}` });
    }
  };
  await Promise.all(cameras.map(one));
}

/** What came of one exposure of several cameras. */
export interface Shot {
  /** What each camera gave, by its id. */
  frames: Record<string, Frame>;
  /** Why there is no picture, by camera. */
  failures: Record<string, string>;
  /** Null where nothing was released. */
  result: CaptureAllResult | null;
  /** Why nothing was released, or not everything came. */
  error: string | null;
  hint: string | null;
}

/** Take a picture with all of these cameras in one moment. */
export async function shootAll(
  service: WebSocketService,
  [first, ...others]: string[],
  trigger: "line" | "software" | null,
): Promise<Shot | null> {
  if (first === undefined) return null;
  try {
    const result = await service.request("CAPTURE_ALL", { camera_ids: [first, ...others], trigger });
    return shotOf(result, null);
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    const partial = error.data as CaptureAllResult | null;
    if (partial?.frames) return shotOf(partial, error);
    const camera = error.details?.camera_id;
    const failures = typeof camera === "string" ? { [camera]: whyNone(error.message, error.code) } : {};
    return { frames: {}, failures, result: null, error: whyNone(error.message, error.code), hint: error.hint };
  }
}

function shotOf(result: CaptureAllResult, error: RequestFailed | null): Shot {
  const missing = result.frames.filter((frame) => frame.error);
  return {
    frames: Object.fromEntries(result.frames.map((frame) => [frame.camera_id, frame])),
    failures: Object.fromEntries(
      missing.map((frame) => [frame.camera_id, whyNone(frame.error!, frame.error_code ?? null)]),
    ),
    result,
    error: error && missing.length === 0 ? error.message : null,
    hint: error?.hint ?? null,
  };
}
