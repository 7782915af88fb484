"use client";

import { useState } from "react";
import { setsZipUrl, zipUrl } from "@/lib/base";
import { bytes, plural } from "@/lib/format";
import type { AnnotateSet, ImageSet } from "@/lib/protocol";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { ChosenBar } from "../ui/ChosenBar";
import { Icon } from "../ui/Icon";
import { useKeys } from "../useKeys";
import styles from "./ChosenSets.module.css";
import { NumberDialog } from "./NumberDialog";
import { Rating } from "./Rating";

interface Props {
  sets: ImageSet[];
  reason: string | null;
  /** Why none can be deleted now. */
  undeletable: string | null;
  onRename: (set: ImageSet) => void;
  onDelete: () => void;
  onNone: () => void;
}

/** What can be done with the chosen sets, all at once. */
export function ChosenSets({ sets, reason, undeletable, onRename, onDelete, onNone }: Props) {
  const store = useStore();
  const [numbering, setNumbering] = useState(false);
  const annotate = async (note: Omit<AnnotateSet, "set_name">) => {
    for (const { name } of sets) {
      await store.service
        .request("ANNOTATE_IMAGE_SET", { set_name: name, ...note })
        .catch((error) => store.complain(error));
    }
  };
  const rate = (rating: number) => reason === null && sets.length > 0 && void annotate({ rating });
  useKeys(Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), () => rate(rating)])));
  if (sets.length === 0) return null;
  const ratings = new Set(sets.map((set) => set.rating ?? 0));
  const size = sets.reduce((sum, set) => sum + set.size, 0);
  const names = sets.map((set) => set.name);
  return (
    <ChosenBar label="Chosen sets" count={plural(sets.length, "set")} onNone={onNone}>
      <Rating
        rating={ratings.size === 1 ? [...ratings][0] : undefined}
        rejecting={false}
        disabled={reason !== null}
        onRate={rate}
      />
      <a
        className={styles.download}
        href={names.length === 1 ? zipUrl(names[0]!, "all") : setsZipUrl(names)}
        download
        title={`${plural(names.length, "set")} as one zip`}
      >
        <Icon name="download" />
        <span>Zip · {bytes(size)}</span>
      </a>
      <Button icon="edit" reason={reason} onClick={() => setNumbering(true)}>
        Number
      </Button>
      {sets.length === 1 && (
        <Button reason={reason} title="Rename (F2)" onClick={() => onRename(sets[0]!)}>
          Rename
        </Button>
      )}
      <Button tone="danger" icon="trash" reason={undeletable} title="Move to the trash (Del)" onClick={onDelete}>
        Delete
      </Button>
      {numbering && (
        <NumberDialog
          sets={sets}
          onNumber={(catalogue_number) => void annotate({ catalogue_number })}
          onClose={() => setNumbering(false)}
        />
      )}
    </ChosenBar>
  );
}
