import Link from "next/link";
import { useEffect, useRef } from "react";
import { dateAndTime } from "@/lib/format";
import type { ImageSet } from "@/lib/protocol";
import { statusWords } from "@/lib/sets";
import { coverUrl } from "../gallery/SetCard";
import styles from "./SetStrip.module.css";

/** The newest sets, to go from one to another. */
export function SetStrip({ sets, name }: { sets: ImageSet[]; name: string | null }) {
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another set is another place of the strip
  useEffect(() => {
    const strip = list.current;
    const chosen = strip?.querySelector<HTMLElement>("[aria-current]");
    if (!strip || !chosen) return;
    // Only the strip itself is moved: the page stays where it is.
    strip.scrollLeft = chosen.offsetLeft - (strip.clientWidth - chosen.clientWidth) / 2;
  }, [name]);
  return (
    <nav className={styles.place} aria-label="Sets">
      <ul className={styles.strip} ref={list}>
        {sets.map((set) => (
          <li key={set.name}>
            <Link
              href={`/results/?set=${encodeURIComponent(set.name)}`}
              className={styles.set}
              aria-current={set.name === name ? "page" : undefined}
              data-set={set.name}
              prefetch={false}
              scroll={false}
            >
              {set.cover ? (
                <img src={coverUrl(set, 160)!} alt="" loading="lazy" fetchPriority="low" draggable={false} />
              ) : (
                <span className={styles.blank} />
              )}
              <span className={styles.words}>
                <span className={styles.name}>{set.catalogue_number || set.name}</span>
                <span className={styles.more}>{wordsOf(set)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function wordsOf(set: ImageSet): string {
  if (!set.results.includes("surface")) {
    return statusWords(set) ?? (set.results.includes("preview") ? "preview" : "no surface yet");
  }
  if (set.stale) return "made of older pictures";
  return statusWords(set) ?? (set.created_at ? dateAndTime(set.created_at) : "");
}
