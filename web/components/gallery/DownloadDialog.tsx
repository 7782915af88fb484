import { zipUrl } from "@/lib/base";
import { bytes, plural } from "@/lib/format";
import { kindOf } from "@/lib/images";
import type { ImageFile, ImageSet } from "@/lib/protocol";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import styles from "./DownloadDialog.module.css";

interface Props {
  set: ImageSet;
  images: ImageFile[];
  onClose: () => void;
}

/** A set as one zip: everything, or only one kind of file. */
export function DownloadDialog({ set, images, onClose }: Props) {
  const jpegs = images.filter((image) => kindOf(image.filename) === "jpeg");
  const raws = images.filter((image) => kindOf(image.filename) === "raw");
  const choices = [
    { files: "all", name: "Everything", of: images },
    { files: "jpeg", name: "JPEG only", of: jpegs },
    { files: "raw", name: "RAW only", of: raws },
  ] as const;
  return (
    <Dialog title="Download as zip" onClose={onClose}>
      <p>Each comes with the manifest and the light positions (.lp).</p>
      <ul className={styles.choices}>
        {choices
          .filter(({ files, of }) => of.length > 0 && (files === "all" || raws.length > 0))
          .map(({ files, name, of }) => (
            <li key={files}>
              <a href={zipUrl(set.name, files)} download onClick={onClose}>
                <Icon name="download" />
                <span>{name}</span>
                <span>
                  {plural(of.length, "file")} · {bytes(of.reduce((sum, image) => sum + image.size, 0))}
                </span>
              </a>
            </li>
          ))}
      </ul>
    </Dialog>
  );
}
