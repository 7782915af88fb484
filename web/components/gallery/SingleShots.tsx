"use client";

import { type RefObject, useMemo, useState } from "react";
import { shotsOf } from "@/lib/sets";
import { useRig } from "../RigProvider";
import { EmptyState } from "../ui/EmptyState";
import { ContactSheet } from "./ContactSheet";
import { ImageViewer } from "./ImageViewer";

/** Pictures that belong to no set. */
export function SingleShots({ scroller }: { scroller: RefObject<HTMLElement | null> }) {
  const captures = useRig((rig) => rig.captures);
  const [viewed, setViewed] = useState<number | null>(null);
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
      <ContactSheet scroller={scroller} shots={shots} caption={(image) => image.filename} onOpen={setViewed} />
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
