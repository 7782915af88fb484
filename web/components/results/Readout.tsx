import { anglesOf } from "@/lib/dome";
import type { Point } from "@/lib/fit";
import { lightLabel } from "@/lib/format";
import { degreesBetween, type Lamp } from "@/lib/light";
import { rounded } from "@/lib/measure";
import type { Shown } from "@/lib/resultLink";
import type { Surface } from "@/lib/surface";
import styles from "./Readout.module.css";

interface Props {
  surface: Surface;
  point: Point | null;
  shown: Shown;
  near: Lamp | null;
  scale: number | null;
}

const HERE_DEG = 0.6;

/** Where the light stands, and what the surface has under the pointer, as text. */
export function Readout({ surface, point, shown, near, scale }: Props) {
  const { azimuth, elevation } = anglesOf(shown.light);
  const off = near ? degreesBetween(shown.light, near.direction) : null;
  const lamp =
    near && off !== null && (off < HERE_DEG || shown.layer === "source")
      ? `, ${off < HERE_DEG ? "at" : `${Math.round(off)}° from`} ${lightLabel(near.name)}`
      : "";
  return (
    <p className={styles.readout} data-testid="readout">
      <span>
        Light {azimuth}°, {elevation}° up{lamp}
      </span>
      <output className={styles.values} data-testid="values">
        {point ? valuesAt(surface, point, scale) : ""}
      </output>
    </p>
  );
}

function valuesAt(surface: Surface, point: Point, scale: number | null): string {
  const place = `x ${Math.round(point.x)}, y ${Math.round(point.y)}`;
  const normal = surface.normal(point);
  if (!normal) return `${place} · outside of the object`;
  const { azimuth, elevation } = anglesOf(normal);
  const height = surface.height(point, scale);
  const lowest = (surface.index?.height_low ?? 0) * surface.heightFactor(scale);
  const residual = surface.residual(point);
  const albedo = surface.albedo(point);
  return [
    place,
    `tilted ${90 - elevation}°${elevation < 89 ? ` towards ${azimuth}°` : ""}`,
    height === null ? null : `height ${rounded(height - lowest)} ${scale === null ? "px" : "mm"}`,
    albedo && `albedo ${albedo.join(" ")}`,
    residual === null ? null : `residual ${residual.toFixed(1)} %`,
  ]
    .filter(Boolean)
    .join(" · ");
}
