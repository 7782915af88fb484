import type { ReactNode, Ref } from "react";
import styles from "./SplitScreen.module.css";

interface Props {
  head: ReactNode;
  /** What is large: a map of lights. */
  map: ReactNode;
  /** What is done with it, in a column; on phones below the map. */
  side: ReactNode;
  /** Further classes of the parts, where a screen differs. */
  classes?: Partial<Record<"screen" | "head" | "map" | "side", string>>;
  ref?: Ref<HTMLDivElement>;
}

/** A screen with a heading and a map at the left, and a column at the right. */
export function SplitScreen({ head, map, side, classes = {}, ref }: Props) {
  const part = (name: "screen" | "head" | "map" | "side") => `${styles[name]} ${classes[name] ?? ""}`;
  return (
    <div ref={ref} className={part("screen")}>
      <div className={part("head")}>{head}</div>
      <div className={part("map")}>{map}</div>
      <div className={part("side")}>{side}</div>
    </div>
  );
}
