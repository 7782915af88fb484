"use client";

import Link from "next/link";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { ImageSet } from "@/lib/protocol";
import { afterRemoval, everything, NOTHING_CHOSEN, range, type Selection, toggle } from "@/lib/selection";
import type { SetFilter, ShelfOrder, ShotFilter } from "@/lib/sets";
import { DeleteSetsDialog } from "./gallery/DeleteSetsDialog";
import { SetCard } from "./gallery/SetCard";
import { ShelfTools } from "./gallery/ShelfTools";
import { SingleShots } from "./gallery/SingleShots";
import styles from "./ImageGallery.module.css";
import { useAwaited, useImageNews, useOffline, useShelf, useStore } from "./RigProvider";
import { Button } from "./ui/Button";
import { ChosenBar } from "./ui/ChosenBar";
import { EmptyState } from "./ui/EmptyState";
import { useKeys } from "./useKeys";
import { useVirtualGrid } from "./useVirtualGrid";

const NO_KEYS = {};
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
const CARD = { minWidth: 220, gap: 16, height: (width: number) => (width * 2) / 3 + 84 };

/** Every set on the disk as a card, to be searched, opened, chosen and deleted; and the single shots beside them. */
export function ImageGallery() {
  const { shelf: list } = useStore();
  const { sets, total } = useShelf();
  const [shelf, setShelf] = usePreference<"sets" | "shots">("shelf", "sets");
  const [search, setSearch] = useState("");
  const [order, setOrder] = usePreference<ShelfOrder>("setOrder", "newest");
  const [filter, setFilter] = usePreference<SetFilter>("setFilter", "all");
  const [shotOrder, setShotOrder] = usePreference<ShelfOrder>("shotOrder", "newest");
  const [shotFilter, setShotFilter] = usePreference<ShotFilter>("shotFilter", "all");
  const [selection, setSelection] = useState<Selection>(NOTHING_CHOSEN);
  const [deleting, setDeleting] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  useImageNews();
  useEffect(() => {
    if (shelf === "sets") list.show({ search, order, filter });
  }, [list, shelf, search, order, filter]);
  const names = useMemo(() => sets.map((set) => set.name), [sets]);
  const chosen = sets.filter((set) => selection.chosen.has(set.name));
  const reason = useOffline("delete");
  const keys = {
    // All of them, also those that are not loaded yet.
    "Ctrl+a": () => void list.all().then((all) => setSelection(everything(all.map((set) => set.name)))),
    Delete: () => chosen.length > 0 && reason === null && setDeleting(true),
    Escape: () => setSelection(NOTHING_CHOSEN),
  };
  useKeys(shelf === "sets" ? keys : NO_KEYS);
  const choose = (name: string, extend: boolean) =>
    setSelection((before) => (extend ? range(before, names, name) : toggle(before, name)));
  const change = (to: "sets" | "shots") => {
    setShelf(to);
    setSearch("");
    setSelection(NOTHING_CHOSEN);
  };
  const deleted = useCallback(
    (gone: string[]) => {
      setDeleting(false);
      setSelection(NOTHING_CHOSEN);
      const next = afterRemoval(names, new Set(gone));
      // The card of the next set is where a person goes on.
      requestAnimationFrame(
        () => next && document.querySelector<HTMLElement>(`[data-set="${CSS.escape(next)}"]`)?.focus(),
      );
    },
    [names],
  );
  return (
    <div className={styles.gallery} ref={scroller}>
      <div className={styles.head}>
        <h1>Gallery</h1>
        <div className={styles.shelves} role="group" aria-label="What is shown">
          <button type="button" aria-pressed={shelf === "sets"} onClick={() => change("sets")}>
            Sets
          </button>
          <button type="button" aria-pressed={shelf === "shots"} onClick={() => change("shots")}>
            Single shots
          </button>
        </div>
        {shelf === "shots" && (
          <ShelfTools
            what="single shots"
            hint="Name or notes"
            search={search}
            onSearch={setSearch}
            orders={ORDERS}
            order={shotOrder}
            onOrder={setShotOrder}
            filters={SHOT_FILTERS}
            filter={shotFilter}
            onFilter={setShotFilter}
          />
        )}
        {shelf === "sets" && (
          <ShelfTools
            what="sets"
            hint="Name or number"
            search={search}
            onSearch={setSearch}
            orders={ORDERS}
            order={order}
            onOrder={setOrder}
            filters={FILTERS}
            filter={filter}
            onFilter={setFilter}
          />
        )}
      </div>
      {shelf === "shots" ? (
        <SingleShots scroller={scroller} search={search} order={shotOrder} filter={shotFilter} />
      ) : sets.length > 0 ? (
        <CardGrid
          scroller={scroller}
          sets={sets}
          total={Math.max(total ?? 0, sets.length)}
          selection={selection}
          onChoose={choose}
          onNeed={(count) => list.need(count)}
        />
      ) : (
        <NoSets known={total !== null} narrowed={search.trim() !== "" || filter !== "all"} />
      )}
      {chosen.length > 0 && (
        <ChosenBar label="Chosen sets" count={plural(chosen.length, "set")} onNone={() => setSelection(NOTHING_CHOSEN)}>
          <Button tone="danger" icon="trash" reason={reason} onClick={() => setDeleting(true)}>
            Delete
          </Button>
        </ChosenBar>
      )}
      {deleting && <DeleteSetsDialog sets={chosen} onClose={() => setDeleting(false)} onDeleted={deleted} />}
    </div>
  );
}

interface GridProps {
  scroller: React.RefObject<HTMLDivElement | null>;
  /** Those that are loaded, of all that match. */
  sets: ImageSet[];
  total: number;
  selection: Selection;
  onChoose: (name: string, extend: boolean) => void;
  onNeed: (count: number) => void;
}

/** The cards that are near enough to be seen. */
function CardGrid({ scroller, sets, total, selection, onChoose, onNeed }: GridProps) {
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
          />
        ))}
        {Array.from({ length: missing }, (_, index) => (
          <li key={`coming ${index}`} className={styles.coming} style={{ height: cell.height }} aria-hidden="true" />
        ))}
      </ul>
    </div>
  );
}

function NoSets({ known, narrowed }: { known: boolean; narrowed: boolean }) {
  const awaiting = useAwaited();
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
