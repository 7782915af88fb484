import { thumbnailUrl } from "@/lib/base";
import { type Exif, exifRows } from "@/lib/exif";
import { bytes } from "@/lib/format";
import type { ImageFile } from "@/lib/protocol";
import { HistogramOfShot, useHistogram } from "../capture/LastShot";
import styles from "./ImageViewer.module.css";
import { Notes } from "./Notes";

interface Props {
  image: ImageFile;
  exif: Exif | null;
  onNotes?: (notes: string) => void;
}

/** The histogram of an image, what people noted about it, and what the camera wrote into it. */
export function ImageFacts({ image, exif, onNotes }: Props) {
  const histogram = useHistogram(thumbnailUrl(image, 640));
  return (
    <aside className={styles.facts} aria-label="Facts">
      {histogram && <HistogramOfShot histogram={histogram} />}
      {onNotes && <Notes key={image.path} notes={image.notes ?? ""} onNotes={onNotes} />}
      <dl>
        {[["File", image.filename], ["Size", bytes(image.size)], ...exifRows(exif ?? {})].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
