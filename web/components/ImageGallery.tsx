"use client";

import Link from "next/link";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useAddress } from "@/lib/address";
import { usePreference } from "@/lib/preferences";
import type { ImageSet } from "@/lib/protocol";
import { afterRemoval, everything, NOTHING_CHOSEN, range, type Selection, toggle } from "@/lib/selection";
import type { Facets, ListQuery, SetFilter, ShelfOrder, ShotFilter } from "@/lib/sets";
import { ChosenSets } from "./gallery/ChosenSets";
import { DeleteSetsDialog } from "./gallery/DeleteSetsDialog";
import { FacetChoices } from "./gallery/Facets";
import { RenameDialog } from "./gallery/RenameDialog";
import { SetCard } from "./gallery/SetCard";
import { ShelfTools } from "./gallery/ShelfTools";
import { SingleShots } from "./gallery/SingleShots";
import { TrashShelf } from "./gallery/TrashShelf";
import { focusSoon, useKeptPlace } from "./gallery/useKeptPlace";
import styles from "./ImageGallery.module.css";
import { useAwaited, useImageNews, useOffline, useShelf, useStore } from "./RigProvider";
import { Button } from "./ui/Button";
import { EmptyState } from "./ui/EmptyState";
import { useKeys } from "./useKeys";
import { useVirtualGrid } from "./useVirtualGrid";

const ORDERS: [ShelfOrder, string][] = [
  ["newest", "Newest first"],
  ["oldest", "Oldest first"],
  ["name", "By name"],
  ["size", "Largest first"],
  ["rating", "Best first"],
];
const RATED: ["stars1" | "stars3" | "stars5" | "unrated", string][] = [
  ["stars1", "Rated"],
  ["stars3", "3 stars or more"],
  ["stars5", "5 stars"],
  ["unrated", "Not rated"],
];
const FILTERS: [SetFilter, string][] = [
  ["all", "All sets"],
  ["complete", "Complete"],
  ["partial", "Partial"],
  ...RATED,
];
const SHOT_FILTERS: [ShotFilter, string][] = [["all", "All shots"], ...RATED, ["rejected", "Rejected"]];
const CARD = { minWidth: 220, gap: 16, height: (width: number, scale: number) => (width * 2) / 3 + 84 * scale };

type Shelf = "sets" | "shots" | "trash";
const SHELVES: [Shelf, string][] = [
  ["sets", "Sets"],
  ["shots", "Single shots"],
  ["trash", "Trash"],
];

/** Every set on the disk as a card, to be searched, opened, chosen and deleted; single shots and the trash beside them. */
export function ImageGallery() {
  const { shelf, change, search, setSearch, ...asked } = useAsked();
  const { order, filter, facets, write } = asked;
  const scroller = useRef<HTMLDivElement>(null);
  useImageNews();
  const tools = { search, onSearch: setSearch, orders: ORDERS, order };
  const query = useMemo<ListQuery>(
    () => ({ search, order, filter: filter as SetFilter, facets }),
    [search, order, filter, facets],
  );
  const { total } = useShelf();
  return (
    <div className={styles.gallery} ref={scroller}>
      <div className={styles.head}>
        <h1>Gallery</h1>
        <div className={styles.shelves} role="group" aria-label="What is shown">
          {SHELVES.map(([name, words]) => (
            <button key={name} type="button" aria-pressed={shelf === name} onClick={() => change(name)}>
              {words}
            </button>
          ))}
        </div>
        {shelf === "shots" && (
          <ShelfTools
            what="single shots"
            hint="Name or notes"
            {...tools}
            onOrder={(chosen) => write({ order: chosen })}
            filters={SHOT_FILTERS}
            filter={filter as ShotFilter}
            onFilter={(chosen) => write({ filter: chosen })}
          />
        )}
        {shelf === "sets" && (
          <ShelfTools
            what="sets"
            hint="Name or number"
            {...tools}
            onOrder={(chosen) => write({ order: chosen })}
            filters={FILTERS}
            filter={filter as SetFilter}
            onFilter={(chosen) => write({ filter: chosen })}
          >
            <FacetChoices query={query} total={total} onFacets={(chosen) => write({ ...chosen })} />
          </ShelfTools>
        )}
      </div>
      {shelf === "sets" && <SetsShelf scroller={scroller} query={query} />}
      {shelf === "shots" && (
        <SingleShots scroller={scroller} search={search} order={order} filter={filter as ShotFilter} />
      )}
      {shelf === "trash" && <TrashShelf search={search} />}
    </div>
  );
}

/** Which shelf is shown and what is asked of it: in the address, and where that says nothing as it was last. */
function useAsked() {
  const [params, write] = useAddress();
  const [keptShelf, keepShelf] = usePreference<Shelf>("shelf", "sets");
  const shelf = known(SHELVES, params.get("shelf")) ?? known(SHELVES, keptShelf) ?? "sets";
  const shots = shelf === "shots";
  const [keptOrder, keepOrder] = usePreference<ShelfOrder>(shots ? "shotOrder" : "setOrder", "newest");
  const [keptFilter, keepFilter] = usePreference<string>(shots ? "shotFilter" : "setFilter", "all");
  const [search, setSearch] = useState(params.get("q") ?? "");
  const [day, object, camera] = [params.get("day"), params.get("object"), params.get("camera")];
  const facets = useMemo<Facets>(() => ({ day, object, camera }), [day, object, camera]);
  // What is typed is shown at once; the address follows, and is followed where it changes by itself.
  const typed = useRef(search);
  const told = params.get("q") ?? "";
  useEffect(() => {
    if (told !== typed.current) setSearch(told);
    typed.current = told;
  }, [told]);
  return {
    shelf,
    order: known(ORDERS, params.get("order")) ?? keptOrder,
    filter: known<string>(shots ? SHOT_FILTERS : FILTERS, params.get("filter")) ?? keptFilter,
    facets,
    search,
    setSearch: (words: string) => {
      setSearch(words);
      typed.current = words;
      write({ q: words });
    },
    write: (change: Record<string, string | null>) => {
      if (change.order) keepOrder(change.order as ShelfOrder);
      if (change.filter) keepFilter(change.filter);
      write(change);
    },
    change: (to: Shelf) => {
      keepShelf(to);
      setSearch("");
      typed.current = "";
      write({ shelf: to, q: null, order: null, filter: null, day: null, object: null, camera: null, image: null });
    },
  };
}

function known<Value extends string>(values: readonly (readonly [Value, string])[], value: string | null) {
  return values.find(([one]) => one === value)?.[0];
}

/** The sets that match, as cards. */
function SetsShelf({ scroller, query }: { scroller: React.RefObject<HTMLDivElement | null>; query: ListQuery }) {
  const { shelf: list } = useStore();
  const { sets, total, failed } = useShelf();
  const [selection, setSelection] = useState<Selection>(NOTHING_CHOSEN);
  const [deleting, setDeleting] = useState(false);
  const [renaming, setRenaming] = useState<string | null>(null);
  const opened = useKeptPlace(scroller, total !== null);
  useEffect(() => list.show(query), [list, query]);
  const names = useMemo(() => sets.map((set) => set.name), [sets]);
  const chosen = sets.filter((set) => selection.chosen.has(set.name));
  const reason = useOffline();
  const undeletable = useOffline("delete");
  useKeys({
    // All of them, also those that are not loaded yet.
    "Ctrl+a": () => void list.all().then((all) => setSelection(everything(all.map((set) => set.name)))),
    Delete: () => chosen.length > 0 && undeletable === null && setDeleting(true),
    Escape: () => setSelection(NOTHING_CHOSEN),
    F2: () => reason === null && setRenaming(chosen.length === 1 ? chosen[0]!.name : focusedSet()),
  });
  const choose = (name: string, extend: boolean) =>
    setSelection((before) => (extend ? range(before, names, name) : toggle(before, name)));
  const deleted = useCallback(
    (gone: string[]) => {
      setDeleting(false);
      setSelection(NOTHING_CHOSEN);
      // The card of the next set is where a person goes on.
      focusOn(afterRemoval(names, new Set(gone)));
    },
    [names],
  );
  return (
    <>
      {sets.length > 0 ? (
        <CardGrid
          scroller={scroller}
          sets={sets}
          total={Math.max(total ?? 0, sets.length)}
          selection={selection}
          onChoose={choose}
          onOpen={opened}
          onNeed={(count) => list.need(count)}
        />
      ) : (
        <NoSets known={total !== null} narrowed={isNarrow(query)} onAgain={failed ? () => list.refresh() : null} />
      )}
      <ChosenSets
        sets={chosen}
        reason={reason}
        undeletable={undeletable}
        onRename={(set) => setRenaming(set.name)}
        onDelete={() => setDeleting(true)}
        onNone={() => setSelection(NOTHING_CHOSEN)}
      />
      {deleting && <DeleteSetsDialog sets={chosen} onClose={() => setDeleting(false)} onDeleted={deleted} />}
      {renaming !== null && (
        <RenameDialog
          name={renaming}
          onClose={() => setRenaming(null)}
          onRenamed={(name) => {
            setSelection(NOTHING_CHOSEN);
            focusOn(name);
          }}
        />
      )}
    </>
  );
}

function isNarrow({ search, filter, facets }: ListQuery): boolean {
  return search.trim() !== "" || filter !== "all" || Object.values(facets).some((value) => value !== null);
}

function focusedSet(): string | null {
  return (document.activeElement as HTMLElement | null)?.dataset.set ?? null;
}

function focusOn(name: string | null): void {
  if (name !== null) requestAnimationFrame(() => focusSoon(name));
}

interface GridProps {
  scroller: React.RefObject<HTMLDivElement | null>;
  /** Those that are loaded, of all that match. */
  sets: ImageSet[];
  total: number;
  selection: Selection;
  onChoose: (name: string, extend: boolean) => void;
  onOpen: (name: string) => void;
  onNeed: (count: number) => void;
}

/** The cards that are near enough to be seen. */
function CardGrid({ scroller, sets, total, selection, onChoose, onOpen, onNeed }: GridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const { columns, from, to, before, after, height, cell } = useVirtualGrid(scroller, grid, { count: total, ...CARD });
  const need = useRef(onNeed);
  need.current = onNeed;
  useEffect(() => need.current(to), [to]);
  const missing = Math.max(0, to - Math.max(from, sets.length));
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const name = (event.target as HTMLElement).closest<HTMLElement>("[data-set]")?.dataset.set;
    if (!by || name === undefined) return;
    event.preventDefault();
    const next = sets[sets.findIndex((set) => set.name === name) + by];
    if (next) grid.current?.querySelector<HTMLElement>(`[data-set="${CSS.escape(next.name)}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the links in it
    <div ref={grid} className={styles.grid} style={{ minHeight: height }} data-own-keys onKeyDown={move}>
      <ul
        aria-label="Sets"
        style={{
          gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          paddingTop: before,
          paddingBottom: after,
          gap: CARD.gap,
        }}
      >
        {sets.slice(from, to).map((set) => (
          <SetCard
            key={set.name}
            set={set}
            height={cell.height}
            chosen={selection.chosen.has(set.name)}
            choosing={selection.chosen.size > 0}
            onChoose={(extend) => onChoose(set.name, extend)}
            onOpen={() => onOpen(set.name)}
          />
        ))}
        {Array.from({ length: missing }, (_, index) => (
          <li key={`coming ${index}`} className={styles.coming} style={{ height: cell.height }} aria-hidden="true" />
        ))}
      </ul>
    </div>
  );
}

interface NoSetsProps {
  /** Whether the server has told what there is. */
  known: boolean;
  narrowed: boolean;
  /** Asks again where the list could not be read; null otherwise. */
  onAgain: (() => void) | null;
}

function NoSets({ known, narrowed, onAgain }: NoSetsProps) {
  const awaiting = useAwaited();
  if (!known && onAgain) {
    return (
      <EmptyState icon="gallery" title="The sets could not be listed">
        <Button icon="retry" onClick={onAgain}>
          Try again
        </Button>
      </EmptyState>
    );
  }
  if (!known) return <EmptyState icon="gallery" title={awaiting ?? "Looking at the disk"} />;
  if (narrowed) {
    return (
      <EmptyState icon="search" title="No set matches">
        <p>Other words, or another filter, may find it.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon="gallery" title="No sets yet">
      <p>A photometric set appears here with its first frame. Single shots have a shelf of their own.</p>
      <Link href="/sequence/">Plan a set</Link>
    </EmptyState>
  );
}
