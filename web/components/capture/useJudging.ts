"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import type { ImageFile } from "@/lib/protocol";
import { annotateCapture, deleteCaptures } from "@/services/captures";
import { useOffline, useStore } from "../RigProvider";
import type { Keys } from "../useKeys";
import { ratingWords } from "./Filmstrip";

export interface Judging {
  /** By filename. */
  ratings: Record<string, number>;
  rate: (image: ImageFile, rating: number) => void;
  note: (image: ImageFile, notes: string) => void;
  remove: (image: ImageFile) => void;
  /** Rate or delete the shot that the keyboard is on in the filmstrip, else the last one. */
  keys: Keys;
  /** What was just done, for those who do not see it. */
  said: string;
}

/** Rating, noting and throwing away shots on the Capture screen. */
export function useJudging(pictures: ImageFile[], offline: string | null): Judging {
  const store = useStore();
  const undeletable = useOffline("delete");
  const [said, setSaid] = useState("");
  const left = useRef<{ path: string; index: number } | null>(null);
  const ratings = useMemo(
    () => Object.fromEntries(pictures.map((picture) => [picture.filename, picture.rating ?? 0])),
    [pictures],
  );

  // The keyboard goes on with the shot that took the deleted one's place; until then other news may come.
  useEffect(() => {
    const gone = left.current;
    if (gone === null || pictures.some((picture) => picture.path === gone.path)) return;
    const shots = document.querySelectorAll<HTMLElement>("[data-shot]");
    shots[Math.min(gone.index, pictures.length - 1)]?.focus();
    left.current = null;
  }, [pictures]);

  const rate = (image: ImageFile, rating: number) => {
    if (offline !== null) return;
    void annotateCapture(store, image, { rating }).then(() =>
      setSaid(`${image.filename}: ${ratingWords(rating) || "no rating"}`),
    );
  };
  const remove = (image: ImageFile) => {
    if (undeletable !== null) {
      store.notify({ text: undeletable });
      return;
    }
    if (shotInFocus() === image.path) {
      left.current = { path: image.path, index: pictures.indexOf(image) };
    }
    void deleteCaptures(store, [image]);
  };
  const meant = () => pictures.find((picture) => picture.path === shotInFocus()) ?? pictures[0];
  const withMeant = (act: (image: ImageFile) => void) => () => {
    const image = meant();
    if (image) act(image);
  };
  return {
    ratings,
    rate,
    note: (image, notes) => void annotateCapture(store, image, { notes }),
    remove,
    keys: {
      Delete: withMeant(remove),
      x: withMeant((image) => rate(image, image.rating === -1 ? 0 : -1)),
      ...Object.fromEntries(
        [0, 1, 2, 3, 4, 5].map((rating) => [String(rating), withMeant((image) => rate(image, rating))]),
      ),
    },
    said,
  };
}

/** The path of the shot that the keyboard is visibly on. */
function shotInFocus(): string | null {
  const focused = document.activeElement;
  return focused instanceof HTMLElement && focused.matches(":focus-visible") ? (focused.dataset.shot ?? null) : null;
}
