import { rounded } from "@/lib/measure";
import type { Layer } from "@/lib/results";
import { ALTITUDE, gradient, HEAT, RESIDUAL_SHOWN } from "@/lib/shading";
import type { Surface } from "@/lib/surface";
import styles from "./Legend.module.css";

interface Props {
  surface: Surface;
  layer: Layer;
  scale: number | null;
}

/** What the colours of a layer mean. */
export function Legend({ surface, layer, scale }: Props) {
  if (layer === "residual") {
    return <Bar colours={gradient(HEAT)} from="0 %" to={`${RESIDUAL_SHOWN} % and more`} />;
  }
  if (layer !== "height" || !surface.index) return null;
  const { height_low, height_high } = surface.index;
  const range = (height_high - height_low) * surface.heightFactor(scale);
  const [from, to] = surface.shownHeights.map((share) => rounded(share * range));
  return <Bar colours={gradient(ALTITUDE)} from={from!} to={`${to} ${scale === null ? "px" : "mm"}`} />;
}

function Bar({ colours, from, to }: { colours: string; from: string; to: string }) {
  return (
    <div className={styles.legend}>
      <span className={styles.bar} style={{ background: colours }} />
      <span className={styles.ends}>
        <span>{from}</span>
        <span>{to}</span>
      </span>
    </div>
  );
}
