"use client";

import { type KeyboardEvent, type MouseEvent, type PointerEvent, useRef, useState } from "react";
import { anglesOf, type Direction, directionOf, type Spot, spotOf } from "@/lib/dome";
import { lightLabel } from "@/lib/format";
import styles from "./DomeMap.module.css";

export interface DomeLight {
  name: string;
  direction: Direction | null;
  on: boolean;
  fault?: string | null;
  /** Whether its place was written by hand while those of others were measured. */
  byHand?: boolean;
  /** The place in a sequence. */
  order?: number | null;
  /** How its frame went. */
  mark?: "done" | "failed" | "warned" | "skipped" | null;
}

interface Props {
  lights: DomeLight[];
  label: string;
  /** A click, with whether the light shall be added to the others. */
  onPick?: (name: string, add: boolean) => void;
  /** A light is dragged to another direction. */
  onMove?: (name: string, direction: Direction) => void;
  chosen?: string | null;
  disabled?: boolean;
}

const RADIUS = 100;
const ROOM = 122;
const MARKS = {
  done: "frame taken",
  failed: "frame failed",
  warned: "frame with a warning",
  skipped: "frame skipped",
} as const;
const TOWARDS: Record<string, Spot> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** The lights as the camera sees the dome from above: rings at 30 and 60 degrees, the horizon at the rim. */
export function DomeMap({ lights, label, onPick, onMove, chosen = null, disabled = false }: Props) {
  const map = useRef<SVGSVGElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const dragged = useRef<string | null>(null);
  const placed = lights.flatMap((light) => (light.direction ? [{ ...light, spot: spotOf(light.direction) }] : []));
  const tabbable = placed.some(({ name }) => name === focused) ? focused : (placed[0]?.name ?? null);

  const spotUnder = (event: PointerEvent): Spot => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.current!.getScreenCTM()!.inverse());
    return { x: point.x / RADIUS, y: point.y / RADIUS };
  };
  const hear = (event: KeyboardEvent, from: (typeof placed)[number]) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (!disabled) onPick?.(from.name, event.shiftKey);
      return;
    }
    const towards = TOWARDS[event.key];
    if (!towards) return;
    event.preventDefault();
    if (onMove && event.altKey) {
      onMove(from.name, directionOf({ x: from.spot.x + towards.x * 0.02, y: from.spot.y + towards.y * 0.02 }));
      return;
    }
    const next = nearest(placed, from, towards);
    if (next) map.current?.querySelector<SVGGElement>(`[data-light="${CSS.escape(next.name)}"]`)?.focus();
  };
  return (
    <svg
      ref={map}
      className={styles.map}
      viewBox={`${-ROOM} ${-ROOM} ${2 * ROOM} ${2 * ROOM}`}
      role="group"
      aria-label={label}
      data-own-keys
      data-editing={onMove ? true : undefined}
      data-still={onPick ? undefined : true}
      onPointerMove={(event) => dragged.current && onMove?.(dragged.current, directionOf(spotUnder(event)))}
      onPointerUp={() => {
        dragged.current = null;
      }}
    >
      <defs>
        <radialGradient id="glow">
          <stop offset="0" stopColor="#ffcf9e" stopOpacity="0.95" />
          <stop offset="0.35" stopColor="#ffa45c" stopOpacity="0.4" />
          <stop offset="1" stopColor="#ffa45c" stopOpacity="0" />
        </radialGradient>
      </defs>
      <circle className={styles.floor} r={RADIUS} />
      <circle className={styles.ring} r={(RADIUS * 2) / 3} />
      <circle className={styles.ring} r={RADIUS / 3} />
      <path className={styles.ring} d={`M${-RADIUS} 0H${RADIUS}M0 ${-RADIUS}V${RADIUS}`} />
      <text className={styles.degrees} x="3" y={-RADIUS / 3 - 3}>
        60°
      </text>
      <text className={styles.degrees} x="3" y={(-RADIUS * 2) / 3 - 3}>
        30°
      </text>
      <text className={styles.side} x="0" y={ROOM - 3} textAnchor="middle">
        bottom of the picture
      </text>
      {placed.map((light) => (
        <Dot
          key={light.name}
          light={light}
          spot={light.spot}
          tabbable={light.name === tabbable}
          chosen={light.name === chosen}
          disabled={disabled}
          onFocus={() => setFocused(light.name)}
          onKeyDown={(event) => hear(event, light)}
          onClick={(event) => !disabled && onPick?.(light.name, event.shiftKey)}
          onPointerDown={(event) => {
            if (!onMove) return;
            dragged.current = light.name;
            map.current?.setPointerCapture(event.pointerId);
            onPick?.(light.name, false);
          }}
        />
      ))}
    </svg>
  );
}

interface DotProps {
  light: DomeLight;
  spot: Spot;
  tabbable: boolean;
  chosen: boolean;
  disabled: boolean;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  onClick: (event: MouseEvent) => void;
  onPointerDown: (event: PointerEvent) => void;
}

function Dot({ light, spot, tabbable, chosen, disabled, onFocus, onKeyDown, onClick, onPointerDown }: DotProps) {
  const { name, on, fault, order, mark, direction, byHand } = light;
  const { elevation } = anglesOf(direction!);
  const state = fault ? `fault: ${fault}` : on ? "on" : "off";
  const bad = fault || mark === "failed";
  const words = [
    `${elevation} degrees up`,
    state,
    order && `number ${order}`,
    mark && MARKS[mark],
    byHand && "placed by hand",
  ].filter(Boolean);
  return (
    <g
      role="switch"
      aria-checked={on}
      aria-label={[lightLabel(name), ...words].join(", ")}
      aria-disabled={disabled || undefined}
      tabIndex={tabbable ? 0 : -1}
      className={styles.light}
      data-light={name}
      data-on={on || undefined}
      data-fault={fault ? true : undefined}
      data-mark={mark ?? undefined}
      data-by-hand={byHand || undefined}
      data-chosen={chosen || undefined}
      data-ordered={order ? true : undefined}
      transform={`translate(${spot.x * RADIUS} ${spot.y * RADIUS})`}
      onFocus={onFocus}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onPointerDown={onPointerDown}
    >
      <title>{`${lightLabel(name)} (${state}${byHand ? ", placed by hand" : ""})`}</title>
      {on && <circle r="34" fill="url(#glow)" pointerEvents="none" />}
      <circle className={styles.target} r="13" />
      <circle className={styles.dot} r="8" />
      {(bad || order) && (
        <text className={styles.order} y="3" textAnchor="middle">
          {bad ? "!" : order}
        </text>
      )}
    </g>
  );
}

/** The light that lies most in a direction and is not far off it. */
function nearest<L extends { spot: Spot }>(lights: L[], from: L, towards: Spot): L | null {
  let best: L | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const light of lights) {
    const dx = light.spot.x - from.spot.x;
    const dy = light.spot.y - from.spot.y;
    const along = dx * towards.x + dy * towards.y;
    const aside = Math.abs(dx * towards.y) + Math.abs(dy * towards.x);
    if (light === from || along <= 0.001) continue;
    const cost = along + 2 * aside;
    if (cost < bestCost) [best, bestCost] = [light, cost];
  }
  return best;
}
