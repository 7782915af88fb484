"use client";

import { type PointerEvent, useRef } from "react";
import { anglesOf, type Direction, spotOf } from "@/lib/dome";
import { lightLabel } from "@/lib/format";
import { type Lamp, lightAtSpot, nearestLamp } from "@/lib/light";
import styles from "./Hemisphere.module.css";

interface Props {
  light: Direction;
  lamps: readonly Lamp[];
  /** The lamp that the light stands at or near to, where its photograph is shown. */
  near: Lamp | null;
  onLight: (light: Direction) => void;
  onMoving: (moving: boolean) => void;
}

const RADIUS = 100;

/** The hemisphere over the object as the camera sees it: the light, to be led, and the lamps that were there. */
export function Hemisphere({ light, lamps, near, onLight, onMoving }: Props) {
  const map = useRef<SVGSVGElement>(null);
  const held = useRef(false);
  const spot = spotOf(light);
  const { azimuth, elevation } = anglesOf(light);
  const lead = (event: PointerEvent) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.current!.getScreenCTM()!.inverse());
    const wanted = lightAtSpot(point.x / RADIUS, point.y / RADIUS);
    onLight(event.shiftKey ? (nearestLamp(wanted, lamps)?.direction ?? wanted) : wanted);
  };
  const leave = () => {
    held.current = false;
    onMoving(false);
  };
  return (
    <div
      className={styles.place}
      role="slider"
      tabIndex={0}
      aria-label="Light"
      aria-valuemin={0}
      aria-valuemax={90}
      aria-valuenow={elevation}
      aria-valuetext={`from ${azimuth} degrees, ${elevation} degrees up`}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = true;
        onMoving(true);
        lead(event);
      }}
      onPointerMove={(event) => held.current && lead(event)}
      onPointerUp={leave}
      onPointerCancel={leave}
    >
      <svg ref={map} className={styles.map} viewBox="-112 -112 224 224" aria-hidden="true">
        <defs>
          <radialGradient id="ball" cx={0.5 + spot.x * 0.42} cy={0.5 + spot.y * 0.42} r="0.85">
            <stop offset="0" stopColor="#5c5148" />
            <stop offset="0.5" stopColor="#29231e" />
            <stop offset="1" stopColor="#0d0c0b" />
          </radialGradient>
        </defs>
        <circle className={styles.ball} r={RADIUS} fill="url(#ball)" />
        <circle className={styles.ring} r={(RADIUS * 2) / 3} />
        <circle className={styles.ring} r={RADIUS / 3} />
        {lamps.map((lamp) => {
          const at = spotOf(lamp.direction);
          return (
            <circle
              key={lamp.filename}
              className={styles.lamp}
              data-near={lamp === near || undefined}
              cx={at.x * RADIUS}
              cy={at.y * RADIUS}
              r="5.500"
            >
              <title>{lightLabel(lamp.name)}</title>
            </circle>
          );
        })}
        <circle className={styles.glow} cx={spot.x * RADIUS} cy={spot.y * RADIUS} r="22" />
        <circle className={styles.light} cx={spot.x * RADIUS} cy={spot.y * RADIUS} r="9" data-testid="light" />
      </svg>
    </div>
  );
}
