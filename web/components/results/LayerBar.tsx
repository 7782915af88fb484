import { LAYER_NAMES, LAYER_WORDS, LAYERS, type Layer } from "@/lib/results";
import type { Surface } from "@/lib/surface";
import styles from "./LayerBar.module.css";

interface Props {
  layer: Layer;
  surface: Surface;
  onLayer: (layer: Layer) => void;
}

/** What of the surface is shown; each has its key. Arrows move the light, so these are no radio buttons, which take them. */
export function LayerBar({ layer, surface, onLayer }: Props) {
  return (
    <div className={styles.bar} role="group" aria-label="Layer">
      {LAYERS.map((one, index) => {
        const missing = one === "height" && !surface.has("height");
        return (
          <button
            key={one}
            type="button"
            className={styles.layer}
            title={missing ? "Make the surface again to see its height." : LAYER_WORDS[one]}
            aria-pressed={one === layer}
            disabled={missing}
            onClick={() => onLayer(one)}
          >
            <span className={styles.key} aria-hidden="true">
              {index + 1}
            </span>
            {LAYER_NAMES[one]}
          </button>
        );
      })}
    </div>
  );
}
