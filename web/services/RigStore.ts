/** What the application knows of the rig, kept fresh by the server's events; components read it through `useRig`. */
import { type Known, meanwhile } from "../lib/meanwhile";
import { remember, remembered } from "../lib/preferences";
import type {
  CameraChange,
  CameraInfo,
  CameraInventory,
  CameraStatus,
  CapturesChange,
  ConfigEntry,
  ImageFile,
  Job,
  LightStates,
  ObjectStanding,
  Recipe,
  RecipeChange,
  RecipeFault,
  ServerInfo,
  Storage,
} from "../lib/protocol";
import { ACTION_TIMEOUTS_S } from "../lib/protocol";
import { changed } from "../lib/sets";
import type { Notice, NoticeWish } from "./notices";
import { SetShelf } from "./SetShelf";
import { SettingWrites } from "./SettingWrites";
import type { ConnectionStatus, Snapshots, Topic, WebSocketService } from "./WebSocketService";
import { RequestFailed } from "./WebSocketService";

/** What must be known before anything can be done, and what may come later. */
export const TOPICS: Topic[] = ["camera", "config", "lights", "job"];
export const LATER_TOPICS: Topic[] = ["storage", "recipes", "objects"];
const CAPTURES_SHOWN = 60;
/** Where this browser remembers the camera that was chosen last. */
const CAMERA = "camera";

export type Right = NonNullable<ServerInfo["rights"]>[number];

/** What somebody without a right is told. */
const MISSING: Record<Right, string> = {
  read: "it shows nothing here.",
  control: "you may look, and change nothing.",
  delete: "you may not delete.",
  settings: "you may not change the rig itself.",
  metrics: "you may not read the figures.",
};
const MEANWHILE_S = 15;

export interface CameraTrouble extends CameraChange {
  kind: "lost" | "recovering";
}

export interface RigState {
  status: ConnectionStatus;
  latency: number | null;
  server: ServerInfo | null;
  inventory: CameraInventory | null;
  config: Record<string, ConfigEntry[]>;
  lights: LightStates | null;
  jobs: Job[];
  storage: Storage | null;
  captures: ImageFile[];
  /** By name; null until they are known, and at a server that has none. */
  recipes: Recipe[] | null;
  /** Where the queue of objects stands; null until it is known, and at a server that has none. */
  objects: ObjectStanding | null;
  /** Files between the recipes that cannot be read. */
  recipeFaults: RecipeFault[];
  trouble: Record<string, CameraTrouble>;
  capturing: boolean;
  /** What the last capture took from here, in seconds. */
  captureSeconds: number | null;
  /** When the next round of a series begins, in milliseconds by this clock; null while one is taken. */
  nextRoundAt: number | null;
  /** Whether cameras were looked for, and the only one opened, since the connection began. */
  settled: boolean;
  notices: Notice[];
}

export const NOTHING_KNOWN: RigState = {
  status: { state: "idle" },
  latency: null,
  server: null,
  inventory: null,
  config: {},
  lights: null,
  jobs: [],
  storage: null,
  captures: [],
  recipes: null,
  recipeFaults: [],
  objects: null,
  trouble: {},
  capturing: false,
  captureSeconds: null,
  nextRoundAt: null,
  settled: false,
  notices: [],
};

export class RigStore {
  readonly writes: SettingWrites;
  readonly shelf: SetShelf;
  private state: RigState = NOTHING_KNOWN;
  private listeners = new Set<() => void>();
  private endings: (() => void)[] = [];
  private lastNotice = 0;
  /** How many parts of the screen show sets or captures, and what ends to hear of them. */
  private imageViewers = 0;
  private unwatch: (() => void) | null = null;
  private unwatchTimer: ReturnType<typeof setTimeout> | null = null;
  private askingCaptures = false;
  private capturesWanted = false;
  private choseCamera = false;
  private selecting = false;
  /** How the rig stood when the connection was lost. */
  private left: Known | null = null;

  constructor(readonly service: WebSocketService) {
    this.writes = new SettingWrites(service, (cameraId, entry) => this.mergeConfig(cameraId, [entry]));
    this.shelf = new SetShelf(service, (error) => this.complain(error));
  }

  getState = (): RigState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Begin to follow the server. */
  start(): void {
    const { service } = this;
    this.endings = [
      service.onStatus(() => this.follow()),
      service.onSnapshot((snapshot) => this.takeSnapshot(snapshot)),
      service.on("cameras_changed", (inventory) => this.takeInventory(inventory)),
      service.on("config_changed", ({ camera_id, entries }) => this.mergeConfig(camera_id, entries)),
      service.on("lights_changed", (lights) => this.set({ lights })),
      service.on("job_changed", (job) => this.takeJob(job)),
      service.on("series_progress", ({ next_in_s }) =>
        this.set({ nextRoundAt: next_in_s === null ? null : Date.now() + next_in_s * 1000 }),
      ),
      service.on("sets_changed", (change, { seq }) => this.shelf.take(change, seq)),
      service.on("storage_changed", (storage) => this.set({ storage })),
      service.on("recipes_changed", (change) => this.takeRecipe(change)),
      service.on("objects_changed", (objects) => this.set({ objects })),
      service.on("captures_changed", (change) => this.takeCaptures(change)),
      service.on("image_captured", ({ files }) => this.takeCaptures({ change: "created", files })),
      service.on("camera_warning", ({ message }) => this.notify({ text: message, tone: "warning" })),
      service.on("camera_lost", (change) => this.takeTrouble({ ...change, kind: "lost" })),
      service.on("camera_recovering", (change) => this.takeTrouble({ ...change, kind: "recovering" })),
      service.on("camera_ready", (change) => this.endTrouble(change)),
    ];
    service.connect();
  }

  /** Stop following and close the connection. */
  stop(): void {
    for (const end of this.endings) end();
    if (this.unwatchTimer) clearTimeout(this.unwatchTimer);
    this.shelf.stop();
    this.service.close();
  }

  /** Show a sentence for a while. */
  notify(wish: NoticeWish): void {
    const id = ++this.lastNotice;
    this.set({ notices: [...this.state.notices.slice(-2), { tone: "plain", seconds: 6, ...wish, id }] });
  }

  dismiss(id: number): void {
    this.set({ notices: this.state.notices.filter((notice) => notice.id !== id) });
  }

  /** Show why a request failed, and what to do about it. */
  complain(error: unknown): void {
    if (error instanceof RequestFailed && error.code === "disconnected") return;
    const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
    const text = error instanceof Error ? error.message : String(error);
    this.notify({ text: `${text}${hint}`, tone: "error", seconds: 12 });
  }

  /** Take a picture with the selected camera, its shutter held open for so many seconds if that is said; returns its files, or null when it failed. */
  async capture(heldS: number | null = null): Promise<ImageFile[] | null> {
    if (this.state.capturing) return null;
    this.set({ capturing: true });
    const started = performance.now();
    try {
      const wait = heldS === null ? undefined : ((ACTION_TIMEOUTS_S.CAPTURE_IMAGE ?? 0) + 2 * heldS) * 1000;
      const result = await this.service.request("CAPTURE_IMAGE", heldS === null ? {} : { exposure_s: heldS }, wait);
      this.takeCaptures({ change: "created", files: result.files });
      this.set({ captureSeconds: (performance.now() - started) / 1000 });
      return result.files;
    } catch (error) {
      this.complain(error);
      return null;
    } finally {
      this.set({ capturing: false });
    }
  }

  /** Open a camera and select it. */
  async selectCamera(cameraId: string): Promise<void> {
    this.choseCamera = true;
    try {
      await this.service.request("SELECT_CAMERA", { camera_id: cameraId });
      remember(CAMERA, cameraId);
    } catch (error) {
      this.complain(error);
    }
  }

  /** Open a camera beside the others; the first one that is open is selected too. */
  async openCamera(cameraId: string): Promise<void> {
    const select = selectedCamera(this.state) === null;
    try {
      await this.service.request("SELECT_CAMERA", { camera_id: cameraId, select });
    } catch (error) {
      this.complain(error);
    }
  }

  async deselectCamera(cameraId: string): Promise<void> {
    this.choseCamera = true;
    try {
      await this.service.request("DESELECT_CAMERA", { camera_id: cameraId });
    } catch (error) {
      this.complain(error);
    }
  }

  /** Look for cameras now. */
  async findCameras(): Promise<void> {
    try {
      const cameras = await this.service.request("GET_CAMERAS", {});
      this.takeInventory({ cameras, open: this.state.inventory?.open ?? [] });
    } catch (error) {
      this.complain(error);
    }
  }

  /** Hear what happens to sets and captures while a screen shows them; the returned function ends that. */
  watchImages(): () => void {
    this.imageViewers += 1;
    if (this.unwatchTimer) clearTimeout(this.unwatchTimer);
    this.unwatchTimer = null;
    if (this.unwatch === null) {
      this.unwatch = this.service.watch("sets");
      // What happened before was heard by nobody.
      if (this.state.server !== null) void this.refreshCaptures();
      this.shelf.refresh();
    }
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.imageViewers -= 1;
      // One screen goes when the next one comes: nothing is missed in between.
      if (this.imageViewers === 0) this.unwatchTimer = setTimeout(() => this.unwatchImages(), 0);
    };
  }

  private unwatchImages(): void {
    this.unwatchTimer = null;
    this.unwatch?.();
    this.unwatch = null;
  }

  private follow(): void {
    const before = this.state.status.state;
    const status = this.service.getStatus();
    const gone = status.state !== "open" && before === "open";
    if (gone) this.left = this.state;
    this.set({ status, latency: this.service.getLatency(), ...(gone && { capturing: false, settled: false }) });
    if (status.state !== "open" || before === "open") return;
    void this.greet();
    if (this.unwatch) this.shelf.refresh();
  }

  private async greet(): Promise<void> {
    void this.learn();
    const known = this.state.inventory?.cameras ?? [];
    if (known.length === 0) await this.findCameras();
    await this.selectOnly();
    this.set({ settled: true });
  }

  /** Learn what is not needed to begin. */
  private async learn(): Promise<void> {
    try {
      const [server, captures] = await Promise.all([
        this.service.request("GET_SERVER_INFO", {}),
        this.service.request("LIST_CAPTURES", { limit: CAPTURES_SHOWN }),
      ]);
      this.set({ server, captures });
      const told = this.left && meanwhile(this.left, this.state);
      this.left = null;
      if (told) this.notify({ text: told, seconds: MEANWHILE_S });
    } catch (error) {
      this.complain(error);
    }
  }

  /** A rig with one camera needs nobody to choose it, nor one whose camera was chosen here before; what a person closed stays closed. */
  private async selectOnly(): Promise<void> {
    const only = this.onlyChoice();
    if (!only || only.open || this.choseCamera || this.selecting) return;
    this.selecting = true;
    try {
      await this.service.request("SELECT_CAMERA", { camera_id: only.camera_id });
    } catch (error) {
      // Nobody asked for it: who may only look opens no camera by coming here.
      if (!(error instanceof RequestFailed && error.code === "right_missing")) this.complain(error);
    } finally {
      this.selecting = false;
    }
  }

  private onlyChoice(): CameraInfo | undefined {
    const cameras = this.state.inventory?.cameras ?? [];
    if (cameras.length < 2) return cameras[0];
    if (cameras.some(({ open }) => open)) return undefined;
    const last = remembered(CAMERA);
    return cameras.find(({ camera_id }) => camera_id === last);
  }

  private takeSnapshot({ camera, config, lights, job, storage, recipes, objects }: Snapshots): void {
    const inventory = camera?.snapshot;
    this.set({
      ...(inventory && { inventory, trouble: troubleOf(inventory.open, this.state.trouble) }),
      ...(config && { config: config.snapshot }),
      ...(lights && { lights: lights.snapshot }),
      ...(job && { jobs: job.snapshot }),
      ...(storage && { storage: storage.snapshot }),
      ...(recipes && { recipes: recipes.snapshot.recipes, recipeFaults: recipes.snapshot.faults }),
      ...(objects && { objects: objects.snapshot }),
    });
  }

  private takeInventory(inventory: CameraInventory): void {
    const fresh = inventory.open.filter((camera) => !this.state.config[camera.camera_id]);
    this.set({ inventory, trouble: troubleOf(inventory.open, this.state.trouble) });
    for (const camera of fresh) void this.readConfig(camera.camera_id);
    if (this.state.settled) void this.selectOnly();
  }

  private async readConfig(cameraId: string): Promise<void> {
    try {
      const entries = await this.service.request("GET_CONFIG", { camera_id: cameraId });
      this.set({ config: { ...this.state.config, [cameraId]: Array.isArray(entries) ? entries : [entries] } });
    } catch (error) {
      if (!(error instanceof RequestFailed && error.code.startsWith("camera"))) this.complain(error);
    }
  }

  private mergeConfig(cameraId: string, entries: ConfigEntry[]): void {
    const changed = new Map(entries.map((entry) => [entry.path, entry]));
    const before = this.state.config[cameraId] ?? [];
    const merged = before.map((entry) => changed.get(entry.path) ?? entry);
    const known = new Set(before.map((entry) => entry.path));
    merged.push(...entries.filter((entry) => !known.has(entry.path)));
    this.set({ config: { ...this.state.config, [cameraId]: merged } });
  }

  private takeJob(job: Job): void {
    const others = this.state.jobs.filter((one) => one.job_id !== job.job_id);
    this.set({ jobs: [job, ...others].sort((a, b) => (a.started_at < b.started_at ? 1 : -1)) });
  }

  private takeRecipe({ name, recipe }: RecipeChange): void {
    const known = name.toLowerCase();
    const others = (this.state.recipes ?? []).filter((one) => one.name.toLowerCase() !== known);
    const recipes = recipe ? [...others, recipe] : others;
    this.set({ recipes: recipes.sort((a, b) => a.name.localeCompare(b.name)) });
  }

  private takeTrouble(trouble: CameraTrouble): void {
    this.set({ trouble: { ...this.state.trouble, [trouble.camera_id]: trouble } });
  }

  private endTrouble(change: CameraChange): void {
    const { [change.camera_id]: ended, ...trouble } = this.state.trouble;
    this.set({ trouble });
    if (ended) this.notify({ text: `${change.model} is back.` });
  }

  /** Follow what became of single captures; a restored one belongs where it was, which only the server knows. */
  takeCaptures(change: CapturesChange): void {
    if (change.change === "restored") void this.refreshCaptures();
    else this.set({ captures: changed(this.state.captures, change).slice(0, CAPTURES_SHOWN) });
  }

  /** Ask for the newest captures: once more afterwards, and not at the same time, where it is wanted again meanwhile. */
  private async refreshCaptures(): Promise<void> {
    this.capturesWanted = true;
    if (this.askingCaptures) return;
    this.askingCaptures = true;
    while (this.capturesWanted) {
      this.capturesWanted = false;
      try {
        this.set({ captures: await this.service.request("LIST_CAPTURES", { limit: CAPTURES_SHOWN }) });
      } catch (error) {
        this.complain(error);
      }
    }
    this.askingCaptures = false;
  }

  private set(change: Partial<RigState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}

/** A camera that is ready has no trouble, whatever was said before; one that is not ready has. */
function troubleOf(open: CameraStatus[], before: Record<string, CameraTrouble>): Record<string, CameraTrouble> {
  const trouble: Record<string, CameraTrouble> = {};
  for (const camera of open) {
    const { camera_id, model, port, cause, state } = camera;
    if (state !== "lost" && state !== "recovering") continue;
    const told = before[camera_id];
    trouble[camera_id] = {
      next: null,
      attempt: 0,
      ...told,
      camera_id,
      model,
      port,
      cause: cause ?? told?.cause ?? null,
      kind: state,
    };
  }
  return trouble;
}

export function selectedCamera(state: RigState): CameraStatus | null {
  return state.inventory?.open.find((camera) => camera.selected) ?? null;
}

const TAKES_PICTURES = new Set<Job["kind"]>(["photometric_set", "series"]);

/** The job that holds camera and lights now, or that waits to go on. */
export function currentJob(state: RigState): Job | null {
  return state.jobs.find((job) => TAKES_PICTURES.has(job.kind) && isUnderWay(job)) ?? null;
}

/** The measurement of lights under way. */
export function currentMeasurement(state: RigState): Job | null {
  return state.jobs.find((job) => job.kind === "measurement" && isUnderWay(job)) ?? null;
}

/** The photometric set under way. */
export function currentSet(state: RigState): Job | null {
  return state.jobs.find((job) => job.kind === "photometric_set" && isUnderWay(job)) ?? null;
}

/** The series of single captures under way, else the last one where it failed. */
export function currentSeries(state: RigState): Job | null {
  const series = state.jobs.filter((job) => job.kind === "series");
  return series.find(isUnderWay) ?? series.slice(0, 1).find((job) => job.state === "failed") ?? null;
}

/** What is not known yet, in words; null where everything that can be done at once is known. */
export function awaited({ status, settled, inventory }: RigState): string | null {
  if (status.state === "idle" || (status.state === "connecting" && status.attempt === 0)) return "Connecting…";
  if (status.state !== "open" || settled) return null;
  return inventory?.open.some(({ selected }) => selected) ? null : "Looking for the camera…";
}

/** Why nothing can be asked of the server now that needs this right, in words; null where it can. */
export function offline(state: RigState, right: Right = "control"): string | null {
  if (state.status.state === "open") return barred(state, right);
  return awaited(state) ?? "There is no connection to the server.";
}

/** Why the token that was shown here does not open this; null where it does, or where it is not known yet. */
function barred({ server }: RigState, right: Right): string | null {
  if (!server?.rights || server.rights.includes(right)) return null;
  return `Your token's role is ${server.role ?? "none"}: ${MISSING[right]}`;
}

function isUnderWay(job: Job): boolean {
  return job.state === "running" || job.state === "paused";
}
