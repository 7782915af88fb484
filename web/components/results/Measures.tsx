import type { Placement, Point } from "@/lib/fit";
import { type Line, lengthOf, lengthWords, scaleBar } from "@/lib/measure";
import type { Size } from "@/lib/zoom";
import styles from "./Measures.module.css";

export type MeasureKind = "ruler" | "profile" | "scale";

/** A sphere in pixels of the images. */
export interface Circle {
  x: number;
  y: number;
  r: number;
}

interface Props {
  placement: Placement;
  box: Size;
  lines: Partial<Record<MeasureKind, Line>>;
  circles: readonly Circle[];
  scale: number | null;
  active: MeasureKind | null;
  begun: Point | null;
  /** The place that keys move. */
  cursor: Point | null;
}

/** Lines that were drawn on the picture. */
export function Measures({ placement, box, lines, circles, scale, active, begun, cursor }: Props) {
  const at = ({ x, y }: Point): Point => ({
    x: placement.left + x * placement.scale,
    y: placement.top + y * placement.scale,
  });
  return (
    <svg className={styles.lines} width={box.width} height={box.height} aria-hidden="true">
      {(Object.entries(lines) as [MeasureKind, Line][]).map(([kind, line]) => (
        <Drawn
          key={kind}
          from={at(line.from)}
          to={at(line.to)}
          label={kind === "ruler" ? lengthWords(lengthOf(line), scale) : kind === "scale" ? "known length" : null}
          active={kind === active}
        />
      ))}
      {circles.map((circle) => (
        <circle
          key={`${circle.x} ${circle.y}`}
          className={styles.circle}
          cx={at(circle).x}
          cy={at(circle).y}
          r={circle.r * placement.scale}
        />
      ))}
      {begun && <Cross at={at(begun)} />}
      {cursor && <Cross at={at(cursor)} />}
    </svg>
  );
}

interface DrawnProps {
  from: Point;
  to: Point;
  label: string | null;
  active: boolean;
}

function Drawn({ from, to, label, active }: DrawnProps) {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  return (
    <g data-active={active || undefined} className={styles.line}>
      <line className={styles.under} x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
      <line className={styles.over} x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
      <circle className={styles.end} cx={from.x} cy={from.y} r="4" />
      <circle className={styles.end} cx={to.x} cy={to.y} r="4" />
      {label && (
        <text className={styles.label} x={middle.x} y={middle.y - 9} textAnchor="middle">
          {label}
        </text>
      )}
    </g>
  );
}

function Cross({ at: { x, y } }: { at: Point }) {
  return <path className={styles.cross} d={`M${x - 9} ${y}h18M${x} ${y - 9}v18`} />;
}

/** A bar of a round length. */
export function ScaleRule({ zoom, scale, most }: { zoom: number; scale: number | null; most: number }) {
  const bar = scaleBar(zoom, scale, most);
  if (!bar) return null;
  return (
    <div className={styles.rule} style={{ width: bar.length }} data-testid="scale-bar">
      {bar.label}
    </div>
  );
}
