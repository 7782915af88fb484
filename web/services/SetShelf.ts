/** The image sets that the gallery shows: pages of a list that the server searches, sorts and filters, kept fresh by events. */
import type { ImageSet, ImageSetPage, SetChange } from "../lib/protocol";
import { inOrder, type ListQuery, matches, wantedOf } from "../lib/sets";
import { RequestFailed, type WebSocketService } from "./WebSocketService";

/** Sets that are asked for at least. */
const PAGE = 60;
/** Sets that the server gives at most at once. */
const MOST = 1000;
const PAUSE_MS = 400;

export interface ShelfState {
  /** Those that are loaded, in their order. */
  sets: ImageSet[];
  /** How many match; null while that is not known. */
  total: number | null;
  /** Whether the last request for them failed. */
  failed: boolean;
}

const NOTHING: ShelfState = { sets: [], total: null, failed: false };

export class SetShelf {
  private state: ShelfState = NOTHING;
  private cursor: string | null = null;
  private query: ListQuery | null = null;
  /** How many sets somebody wants to see. */
  private wanted: number;
  private stale = false;
  private working: Promise<void> | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** What was told while a page was on its way. */
  private meanwhile: [SetChange, number][] = [];
  private listeners = new Set<() => void>();

  constructor(
    private readonly service: WebSocketService,
    private readonly complain: (error: unknown) => void,
    private readonly page = PAGE,
  ) {
    this.wanted = page;
  }

  getState = (): ShelfState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Show the sets that match; what was shown stays until they are there. */
  show(query: ListQuery): void {
    if (this.query && sameQuery(this.query, query)) return;
    this.query = query;
    this.wanted = this.page;
    this.stale = true;
    void this.work();
  }

  /** See to it that so many sets are loaded, as far as there are so many. */
  need(count: number): void {
    if (count <= this.wanted && count <= this.state.sets.length) return;
    this.wanted = Math.max(this.wanted, count);
    void this.work();
  }

  /** Load all that match, and return them. */
  async all(): Promise<ImageSet[]> {
    this.wanted = Number.POSITIVE_INFINITY;
    await this.work();
    this.wanted = Math.max(this.page, this.state.sets.length);
    return this.state.sets;
  }

  /** Ask again for what is loaded, as after a time in which nothing was heard. */
  refresh(): void {
    if (this.query === null) return;
    this.wanted = Math.max(this.page, this.state.sets.length);
    this.stale = true;
    void this.work();
  }

  /** Ask for nothing any more. */
  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Follow what the server tells of a set; `seq` is the event's number. */
  take(change: SetChange, seq: number | null): void {
    if (this.query === null) return;
    if (this.working) this.meanwhile.push([change, seq ?? Number.POSITIVE_INFINITY]);
    this.merge(change);
  }

  /** Ask for pages until there are enough, one at a time however many want it. */
  private work(): Promise<void> {
    if (this.working === null && this.lacks()) this.working = this.loadAll();
    return this.working ?? Promise.resolve();
  }

  private lacks(): boolean {
    return this.stale || (this.cursor !== null && this.state.sets.length < this.wanted);
  }

  private async loadAll(): Promise<void> {
    while (this.lacks()) {
      try {
        await this.load();
      } catch (error) {
        this.wanted = 0;
        // Without a connection there is nothing to say: the list is asked for again when it is back.
        if (error instanceof RequestFailed && error.code === "disconnected") continue;
        this.complain(error);
        this.set({ ...this.state, failed: true });
      }
    }
    // In the same breath as the last look: who asks for more behind it begins anew.
    this.working = null;
    this.meanwhile = [];
  }

  /** Load the next page; a list that is stale is loaded from its beginning, as far as it was, and then takes its place. */
  private async load(): Promise<void> {
    const { query } = this;
    let cursor = this.stale ? null : this.cursor;
    let sets = this.stale ? [] : this.state.sets;
    this.stale = false;
    let page: ImageSetPage;
    do {
      const limit = Math.min(MOST, Math.max(this.page, this.wanted - sets.length));
      page = (await this.service.request("LIST_IMAGE_SETS", { ...wantedOf(query!), limit, cursor })) as ImageSetPage;
      if (query !== this.query) return;
      const known = new Set(sets.map(({ name }) => name));
      sets = [...sets, ...page.sets.filter(({ name }) => !known.has(name))];
      cursor = page.cursor;
    } while (cursor !== null && sets.length < this.wanted);
    this.cursor = cursor;
    this.set({ sets, total: page.total, failed: false });
    for (const [change, seq] of this.meanwhile) if (seq > page.seq) this.merge(change);
  }

  private merge({ set_name, new_name, change, set }: SetChange): void {
    const { query, cursor, state } = this;
    const gone = new Set([set_name, new_name ?? set_name]);
    const others = state.sets.filter(({ name }) => !gone.has(name));
    const had = others.length < state.sets.length;
    if (set === null || !matches(set, query!)) {
      this.set({ ...state, sets: others, total: plus(state.total, had ? -1 : 0) });
      // Whether it was one of those that are not loaded only the server knows.
      if (!had && cursor !== null) this.refreshSoon();
      return;
    }
    const compare = inOrder(query!.order);
    const at = others.findIndex((other) => compare(set, other) < 0);
    const place = at < 0 ? others.length : at;
    const loaded = at >= 0 || cursor === null;
    const sets = loaded ? [...others.slice(0, place), set, ...others.slice(place)] : others;
    const fresh = !had && (cursor === null || change === "created");
    this.set({ ...state, sets, total: plus(state.total, fresh ? 1 : 0) });
    if (!had && !fresh) this.refreshSoon();
  }

  private refreshSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.refresh();
    }, PAUSE_MS);
  }

  private set(state: ShelfState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}

function plus(total: number | null, more: number): number | null {
  return total === null ? null : Math.max(0, total + more);
}

function sameQuery(one: ListQuery, other: ListQuery): boolean {
  const { day, object, camera } = one.facets;
  const others = other.facets;
  return (
    one.search === other.search &&
    one.order === other.order &&
    one.filter === other.filter &&
    day === others.day &&
    object === others.object &&
    camera === others.camera
  );
}
