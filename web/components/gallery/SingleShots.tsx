"use client";

import { type RefObject, useMemo, useState } from "react";
import { NOTHING_CHOSEN, type Selection } from "@/lib/selection";
import { shotsOf } from "@/lib/sets";
import { useRig } from "../RigProvider";
import { EmptyState } from "../ui/EmptyState";
import { ChosenShots } from "./ChosenShots";
import { ContactSheet } from "./ContactSheet";
import { ImageViewer } from "./ImageViewer";

/** Pictures that belong to no set. */
export function SingleShots({ scroller }: { scroller: RefObject<HTMLElement | null> }) {
  const captures = useRig((rig) => rig.captures);
  const [viewed, setViewed] = useState<number | null>(null);
  const [selection, setSelection] = useState<Selection>(NOTHING_CHOSEN);
  const shots = useMemo(() => shotsOf(captures), [captures]);
  if (shots.length === 0) {
    return (
      <EmptyState icon="camera" title="No single shots yet">
        <p>Pictures taken on the Capture screen, or with the button on the camera, appear here.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <ContactSheet
        scroller={scroller}
        shots={shots}
        caption={(image) => image.filename}
        onOpen={setViewed}
        selection={selection}
        onSelect={setSelection}
      />
      <ChosenShots
        shots={shots.filter(({ image }) => selection.chosen.has(image.path))}
        onNone={() => setSelection(NOTHING_CHOSEN)}
      />
      {viewed !== null && (
        <ImageViewer
          images={shots.map((shot) => shot.image)}
          index={viewed}
          onIndex={setViewed}
          onClose={() => setViewed(null)}
        />
      )}
    </>
  );
}
