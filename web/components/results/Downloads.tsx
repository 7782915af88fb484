import { zipUrl } from "@/lib/base";
import { bytes } from "@/lib/format";
import type { SetDetails } from "@/lib/protocol";
import type { Surface } from "@/lib/surface";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import styles from "./Downloads.module.css";
import { Exports } from "./Exports";
import { setFileUrl } from "./useSurface";

const WORDS: [string, string, string][] = [
  ["normals.png", "Normals", "PNG, 16 bit: x right, y up, z to the camera (OpenGL)"],
  ["albedo.png", "Albedo", "PNG, sRGB, to look at"],
  ["albedo.tiff", "Albedo, linear", "TIFF, 32 bit, to work with"],
  ["height.tiff", "Height", "TIFF, 32 bit"],
  ["relief.png", "Shaded relief", "PNG, lit from the upper left"],
  ["mask.png", "Mask", "PNG, white where the object is"],
  ["error.png", "Predicted error", "PNG, ten levels per degree"],
  ["residual.png", "Residual", "PNG, ten levels per per cent"],
  ["mesh.ply", "Mesh", "PLY"],
  ["mesh.glb", "Mesh", "glTF"],
  ["report.html", "Report", "a page to read and to keep"],
  ["report.json", "Report for programs", "JSON, with checksums of all images"],
];

/** The files of a surface, to be saved. */
export function Downloads({
  details,
  surface,
  onClose,
}: {
  details: SetDetails;
  surface: Surface;
  onClose: () => void;
}) {
  const { folder, files } = surface.record;
  const sizes = new Map(files.map(({ filename, size }) => [filename, size]));
  const name = details.set.name;
  const rows = WORDS.filter(([file]) => sizes.has(`${folder}/${file}`));
  return (
    <Dialog title="Take it along" onClose={onClose} wide>
      <ul className={styles.files}>
        {rows.map(([file, title, words]) => (
          <li key={file}>
            <a href={setFileUrl(name, `${folder}/${file}`, "?download=1")} download>
              <Icon name="download" />
              <span className={styles.words}>
                <span>{title}</span>
                <span className={styles.detail}>{words}</span>
              </span>
              <span className={styles.size}>{bytes(sizes.get(`${folder}/${file}`) ?? 0)}</span>
            </a>
          </li>
        ))}
        <li>
          <a href={setFileUrl(name, `${name}.lp`, "?download=1")} download>
            <Icon name="lights" />
            <span className={styles.words}>
              <span>Light directions</span>
              <span className={styles.detail}>LP, as programs for reflectance imaging read it</span>
            </span>
          </a>
        </li>
        <li>
          <a href={zipUrl(name, "all")} download>
            <Icon name="gallery" />
            <span className={styles.words}>
              <span>The whole set</span>
              <span className={styles.detail}>ZIP: pictures, manifest, directions, results</span>
            </span>
          </a>
        </li>
      </ul>
      <Exports details={details} />
    </Dialog>
  );
}
