import Link from "next/link";
import { imageUrl, type ThumbnailSize, thumbnailUrl } from "@/lib/base";
import { bytes, dateAndTime, plural } from "@/lib/format";
import type { ImageSet } from "@/lib/protocol";
import { objectOf, statusWords } from "@/lib/sets";
import { Icon } from "../ui/Icon";
import { ChooseMark } from "./ChooseMark";
import styles from "./SetCard.module.css";
import { Stars } from "./Stars";
import { Thumbnail } from "./Thumbnail";

interface Props {
  set: ImageSet;
  height: number;
  chosen: boolean;
  choosing: boolean;
  onChoose: (extend: boolean) => void;
  onOpen: () => void;
}

/** A set: its cover, and what one wants to know before opening it. */
export function SetCard({ set, height, chosen, choosing, onChoose, onOpen }: Props) {
  const status = statusWords(set);
  const cover = coverUrl(set);
  return (
    <li className={styles.card} style={{ height }} data-chosen={chosen || undefined}>
      <Link
        href={`/set/?name=${encodeURIComponent(set.name)}`}
        className={styles.link}
        data-set={set.name}
        prefetch={false}
        onClick={(event) => {
          if (!event.shiftKey && !event.ctrlKey && !event.metaKey) {
            onOpen();
            return;
          }
          event.preventDefault();
          onChoose(event.shiftKey);
        }}
      >
        <span className={styles.cover}>
          {cover ? <Thumbnail url={cover} /> : <Icon name="gallery" size={28} />}
          {status && (
            <span
              className={styles.status}
              data-busy={set.status === "running" || undefined}
              title={set.fault ?? undefined}
            >
              {status}
            </span>
          )}
        </span>
        <span className={styles.name} title={set.name}>
          {objectOf(set)}
        </span>
        <span className={styles.facts}>
          <span>
            {set.catalogue_number && (
              <span className={styles.number}>{objectOf({ name: set.name, catalogue_number: null })} · </span>
            )}
            {set.created_at ? dateAndTime(set.created_at) : "date unknown"}
          </span>
          <span className={styles.line}>
            {plural(set.image_count, "image")} · {bytes(set.size)}
            <Stars rating={set.rating ?? 0} />
          </span>
        </span>
      </Link>
      <ChooseMark name={set.name} chosen={chosen} choosing={choosing} onChoose={onChoose} />
    </li>
  );
}

/** A cover is a path as the server gives paths; its address begins below the captures folder. */
export function coverUrl(set: ImageSet, size: ThumbnailSize = 640): string | null {
  if (set.cover === null) return null;
  const place = set.cover.indexOf(`${set.name}/`);
  const folder = place > 0 ? set.cover.slice(0, place).split("/").filter(Boolean).at(-1) : null;
  const path = place < 0 ? set.cover : `${folder ? `${folder}/` : ""}${set.cover.slice(place)}`;
  return thumbnailUrl({ url: imageUrl(path) }, size);
}
