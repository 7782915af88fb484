"use client";

import Link from "next/link";
import { type RefObject, useMemo, useRef, useState } from "react";
import type { ImageFile } from "@/lib/protocol";
import { afterRemoval, NOTHING_CHOSEN, type Selection } from "@/lib/selection";
import { arrangeShots, ratingsOf, type ShelfOrder, type Shot, type ShotFilter, shotsOf } from "@/lib/sets";
import { annotateCapture, deleteCaptures } from "@/services/captures";
import { useOffline, useStore } from "../RigProvider";
import { EmptyState } from "../ui/EmptyState";
import { ChosenShots } from "./ChosenShots";
import { ContactSheet } from "./ContactSheet";
import { ImageViewer } from "./ImageViewer";
import { NotesDialog } from "./NotesDialog";
import { useAllCaptures } from "./useAllCaptures";
import { useViewed } from "./useViewed";

const NONE: ImageFile[] = [];

interface Props {
  scroller: RefObject<HTMLElement | null>;
  search: string;
  order: ShelfOrder;
  filter: ShotFilter;
}

/** Pictures that belong to no set: to look at, to rate, to note something with, and to throw away. */
export function SingleShots({ scroller, search, order, filter }: Props) {
  const store = useStore();
  const changeable = useOffline() === null;
  const deletable = useOffline("delete") === null;
  const captures = useAllCaptures();
  const place = useViewed();
  const viewed = place.key;
  const [selection, setSelection] = useState<Selection>(NOTHING_CHOSEN);
  const [noting, setNoting] = useState(false);
  const all = useMemo(() => shotsOf(captures ?? NONE), [captures]);
  const arranged = useMemo(() => arrangeShots(all, search, order, filter), [all, search, order, filter]);
  const kept = useRef(arranged);
  if (viewed === null) kept.current = arranged;
  // What is rated while it is looked at stays in the viewer, also where the filter no longer lets it pass.
  const shots = viewed === null ? arranged : stillThere(kept.current, all);
  const ratings = useMemo(() => ratingsOf(captures ?? NONE), [captures]);
  if (captures === null && all.length === 0) return <EmptyState icon="camera" title="Looking at the disk" />;
  if (all.length === 0) {
    return (
      <EmptyState icon="camera" title="No single shots yet">
        <p>Pictures taken on the Capture screen, or with the button on the camera, appear here.</p>
        <Link href="/">Take a picture</Link>
      </EmptyState>
    );
  }
  if (shots.length === 0) {
    return (
      <EmptyState icon="search" title="No shot matches">
        <p>Other words, or another filter, may find it.</p>
      </EmptyState>
    );
  }
  const images = shots.map((shot) => shot.image);
  const paths = images.map((image) => image.path);
  const at = viewed === null ? -1 : paths.indexOf(viewed);
  const chosen = shots.filter(({ image }) => selection.chosen.has(image.path));
  const annotate = async (noted: ImageFile[], note: { rating?: number; notes?: string }) => {
    for (const image of noted) await annotateCapture(store, image, note);
  };
  const rate = (rated: ImageFile[], rating: number) => void annotate(rated, { rating });
  const remove = async (gone: ImageFile[]) => {
    const next = afterRemoval(paths, new Set(gone.map((image) => image.path)));
    if (viewed !== null) place.turn(next);
    await deleteCaptures(store, gone);
    setSelection(NOTHING_CHOSEN);
    // The image that stays is where a person goes on.
    if (viewed === null) requestAnimationFrame(() => focusOn(next));
  };
  return (
    <>
      <ContactSheet
        scroller={scroller}
        shots={shots}
        caption={(image) => image.filename}
        onOpen={(index) => place.open(paths[index]!)}
        ratings={ratings}
        selection={selection}
        onSelect={setSelection}
      />
      <ChosenShots
        all={shots}
        shots={chosen}
        ratings={ratings}
        onRate={changeable ? rate : undefined}
        onNotes={changeable ? () => setNoting(true) : undefined}
        onDelete={deletable ? (gone) => void remove(gone) : undefined}
        onNone={() => setSelection(NOTHING_CHOSEN)}
      />
      {noting && chosen.length > 0 && (
        <NotesDialog
          images={chosen.map(({ image }) => image)}
          onNotes={(notes) =>
            void annotate(
              chosen.map(({ image }) => image),
              { notes },
            )
          }
          onClose={() => setNoting(false)}
        />
      )}
      {at >= 0 && (
        <ImageViewer
          images={images}
          index={at}
          onIndex={(index) => place.turn(paths[index]!)}
          onClose={place.close}
          firstView={place.view}
          onView={place.onView}
          ratings={ratings}
          onRate={changeable ? (image, rating) => rate([image], rating) : undefined}
          onNotes={changeable ? (image, notes) => void annotate([image], { notes }) : undefined}
          onDelete={deletable ? (image) => void remove([image]) : undefined}
        />
      )}
    </>
  );
}

/** The shots of a list that were not deleted meanwhile, as they are now. */
function stillThere(list: Shot[], all: Shot[]): Shot[] {
  const now = new Map(all.map((shot) => [shot.image.path, shot]));
  return list.flatMap(({ image }) => now.get(image.path) ?? []);
}

function focusOn(path: string | null): void {
  if (path !== null) document.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus();
}
