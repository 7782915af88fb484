import { LAYER_NAMES, LAYER_WORDS, LAYERS, type Layer } from "@/lib/results";
import type { Surface } from "@/lib/surface";
import styles from "./LayerBar.module.css";

interface Props {
  layer: Layer;
  surface: Surface;
  onLayer: (layer: Layer) => void;
}

/** What of the surface is shown; each has its key. */
export function LayerBar({ layer, surface, onLayer }: Props) {
  return (
    <div className={styles.bar} role="radiogroup" aria-label="Layer">
      {LAYERS.map((one, index) => {
        const missing = one === "height" && !surface.has("height");
        return (
          <label
            key={one}
            className={styles.layer}
            title={missing ? "Make the surface again to see its height." : LAYER_WORDS[one]}
          >
            <input
              type="radio"
              name="layer"
              className="visually-hidden"
              checked={one === layer}
              disabled={missing}
              onChange={() => onLayer(one)}
            />
            <span>
              <span className={styles.key} aria-hidden="true">
                {index + 1}
              </span>
              {LAYER_NAMES[one]}
            </span>
          </label>
        );
      })}
    </div>
  );
}
