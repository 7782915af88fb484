"use client";

import { type KeyboardEvent, type RefObject, useRef } from "react";
import { thumbnailUrl } from "@/lib/base";
import type { ImageFile } from "@/lib/protocol";
import { everything, NOTHING_CHOSEN, range, type Selection, toggle } from "@/lib/selection";
import type { Shot } from "@/lib/sets";
import { useKeys } from "../useKeys";
import { useVirtualGrid } from "../useVirtualGrid";
import { ChooseMark } from "./ChooseMark";
import styles from "./ContactSheet.module.css";
import { Stars } from "./Stars";
import { Thumbnail } from "./Thumbnail";

const CELL = { minWidth: 160, gap: 12, height: (width: number, scale: number) => (width * 2) / 3 + 30 * scale };

interface Props {
  scroller: RefObject<HTMLElement | null>;
  shots: Shot[];
  caption: (image: ImageFile) => string;
  onOpen: (index: number) => void;
  ratings?: Record<string, number>;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

/** Images side by side on server-made thumbnails, to open and to choose; only those near the window are in the page. */
export function ContactSheet({ scroller, shots, caption, onOpen, ratings = {}, selection, onSelect }: Props) {
  const grid = useRef<HTMLDivElement>(null);
  const { columns, from, to, before, after, height, cell } = useVirtualGrid(scroller, grid, {
    count: shots.length,
    ...CELL,
  });
  const paths = shots.map(({ image }) => image.path);
  const choose = (path: string, extend: boolean) =>
    onSelect(extend ? range(selection, paths, path) : toggle(selection, path));
  useKeys({
    "Ctrl+a": () => onSelect(everything(paths)),
    Escape: () => onSelect(NOTHING_CHOSEN),
  });
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const at = (event.target as HTMLElement).dataset.index;
    if (!by || at === undefined) return;
    event.preventDefault();
    const next = Number(at) + by;
    const path = paths[next];
    if (path === undefined) return;
    // A range begins at the image that had the focus, unless one was begun before.
    const begun = selection.anchor === null ? toggle(selection, paths[Number(at)]!) : selection;
    if (event.shiftKey) onSelect(range(begun, paths, path));
    grid.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons in it
    <div ref={grid} style={{ minHeight: height }} data-own-keys onKeyDown={move} data-testid="contact-sheet">
      <ul
        aria-label="Images"
        className={styles.sheet}
        style={{
          gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          paddingTop: before,
          paddingBottom: after,
          gap: CELL.gap,
        }}
      >
        {shots.slice(from, to).map(({ image, others }, offset) => {
          const rating = ratings[image.filename] ?? 0;
          return (
            <li
              key={image.path}
              className={styles.frame}
              style={{ height: cell.height }}
              data-rejected={rating < 0 || undefined}
              data-chosen={selection.chosen.has(image.path) || undefined}
            >
              <button
                type="button"
                data-index={from + offset}
                data-path={image.path}
                className={styles.shot}
                onClick={(event) => {
                  if (event.shiftKey || event.ctrlKey || event.metaKey) choose(image.path, event.shiftKey);
                  else onOpen(from + offset);
                }}
              >
                <Thumbnail url={thumbnailUrl(image, 320)} />
                <span className={styles.caption}>
                  <span data-file={caption(image) === image.filename || undefined}>
                    <bdi>{caption(image)}</bdi>
                  </span>
                  <Stars rating={rating} />
                  {others.length > 0 && (
                    <span className={styles.raw}>+ {others[0]!.filename.split(".").at(-1)?.toUpperCase()}</span>
                  )}
                </span>
              </button>
              <ChooseMark
                name={caption(image)}
                chosen={selection.chosen.has(image.path)}
                choosing={selection.chosen.size > 0}
                onChoose={(extend) => choose(image.path, extend)}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
