"use client";

import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import { bytes, dateAndTime, plural } from "@/lib/format";
import type { AnnotateSet, ImageFile } from "@/lib/protocol";
import { NOTHING_CHOSEN, type Selection } from "@/lib/selection";
import { lightOf, shotsOf, statusWords } from "@/lib/sets";
import { useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import { Icon } from "../ui/Icon";
import { useKeys } from "../useKeys";
import { ChosenShots } from "./ChosenShots";
import { ContactSheet } from "./ContactSheet";
import { DeleteSetsDialog } from "./DeleteSetsDialog";
import { DownloadDialog } from "./DownloadDialog";
import { ImageViewer } from "./ImageViewer";
import { RenameDialog } from "./RenameDialog";
import { SetFacts } from "./SetFacts";
import styles from "./SetScreen.module.css";
import { galleryAddress } from "./useKeptPlace";
import { useSet } from "./useSet";
import { useViewed } from "./useViewed";

/** One set: its frames, its notes, and what can be done with it. */
export function SetScreen() {
  const name = useSearchParams().get("name") ?? "";
  const router = useRouter();
  const store = useStore();
  const reason = useOffline();
  const undeletable = useOffline("delete");
  const { details, missing, reload } = useSet(name);
  const viewed = useViewed();
  const [open, setOpen] = useState<"rename" | "download" | "delete" | null>(null);
  const [selection, setSelection] = useState<Selection>(NOTHING_CHOSEN);
  const scroller = useRef<HTMLDivElement>(null);
  const shots = useMemo(() => shotsOf(details?.images ?? []), [details]);
  const images = useMemo(() => shots.map((shot) => shot.image), [shots]);
  const at = images.findIndex(({ filename }) => filename === viewed.key);
  const [gallery, setGallery] = useState("/gallery/");
  useEffect(() => setGallery(galleryAddress()), []);
  useKeys({ F2: () => details !== null && reason === null && setOpen("rename") });
  if (missing) {
    return (
      <EmptyState whole icon="gallery" title="This set is not there">
        <p>It may have been renamed or deleted.</p>
        <Link href="/gallery/">Back to the gallery</Link>
      </EmptyState>
    );
  }
  if (!details) return <EmptyState whole icon="gallery" title="Opening the set" />;
  const { set, manifest } = details;
  const ratings = manifest?.ratings ?? {};
  const annotate = async (change: Omit<AnnotateSet, "set_name">) => {
    try {
      await store.service.request("ANNOTATE_IMAGE_SET", { set_name: name, ...change });
      await reload();
    } catch (error) {
      store.complain(error);
    }
  };
  const rate = (rated: ImageFile[], rating: number) =>
    void annotate({ ratings: Object.fromEntries(rated.map((image) => [image.filename, rating])) });
  const onRate = manifest && reason === null ? rate : undefined;
  return (
    <div className={styles.screen} ref={scroller}>
      <div className={styles.head}>
        <Link href={gallery} className={styles.back} aria-label="Back to the gallery">
          <Icon name="left" />
        </Link>
        <div className={styles.title}>
          <h1>{set.name}</h1>
          <p>
            {[
              set.created_at && dateAndTime(set.created_at),
              plural(shots.length, "frame"),
              bytes(set.size),
              set.camera,
              set.fault ?? statusWords(set),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
        </div>
        <div className={styles.buttons}>
          <Button icon="play" disabled={images.length === 0} onClick={() => viewed.open(images[0]!.filename)}>
            Flick through
          </Button>
          <Button
            icon="results"
            disabled={images.length === 0}
            onClick={() => router.push(`/results/?set=${encodeURIComponent(set.name)}`)}
          >
            Surface
          </Button>
          <Button icon="download" disabled={images.length === 0} onClick={() => setOpen("download")}>
            Download
          </Button>
          <Button
            icon="edit"
            reason={reason}
            onClick={() => setOpen("rename")}
            aria-label="Rename"
            title="Rename (F2)"
          />
          <Button
            icon="trash"
            reason={undeletable}
            onClick={() => setOpen("delete")}
            aria-label="Delete"
            title="Delete"
          />
        </div>
      </div>
      <SetFacts
        key={name}
        notes={manifest?.notes ?? ""}
        rating={set.rating}
        catalogueNumber={set.catalogue_number ?? ""}
        scale={manifest?.scale_mm_per_pixel ?? null}
        reason={set.fault ?? (manifest ? reason : "This folder has no manifest to keep notes in.")}
        onChange={annotate}
      />
      {images.length > 0 ? (
        <ContactSheet
          scroller={scroller}
          shots={shots}
          caption={lightOf}
          onOpen={(index) => viewed.open(images[index]!.filename)}
          ratings={ratings}
          selection={selection}
          onSelect={setSelection}
        />
      ) : (
        <EmptyState icon="gallery" title="No frame yet" />
      )}
      <ChosenShots
        all={shots}
        shots={shots.filter(({ image }) => selection.chosen.has(image.path))}
        ratings={ratings}
        setName={name}
        onRate={onRate}
        onNone={() => setSelection(NOTHING_CHOSEN)}
      />
      {at >= 0 && (
        <ImageViewer
          images={images}
          index={at}
          onIndex={(index) => viewed.turn(images[index]!.filename)}
          onClose={viewed.close}
          firstView={viewed.view}
          onView={viewed.onView}
          caption={lightOf}
          ratings={ratings}
          onRate={onRate && ((image, rating) => onRate([image], rating))}
        />
      )}
      {open === "rename" && (
        <RenameDialog
          name={name}
          onClose={() => setOpen(null)}
          onRenamed={(next) => router.replace(`/set/?name=${encodeURIComponent(next)}`)}
        />
      )}
      {open === "download" && <DownloadDialog set={set} images={details.images} onClose={() => setOpen(null)} />}
      {open === "delete" && (
        <DeleteSetsDialog sets={[set]} onClose={() => setOpen(null)} onDeleted={() => router.push(gallery)} />
      )}
    </div>
  );
}
