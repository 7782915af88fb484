"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import type { Placement } from "@/lib/fit";
import type { Scene } from "@/lib/relight/painter";
import type { Rect, Tiles } from "@/lib/relight/tiles";
import { type Layer, TILED } from "@/lib/results";
import type { Surface } from "@/lib/surface";
import type { Size } from "@/lib/zoom";

interface Seen {
  placement: Placement;
  box: Size;
  /** Device pixels to a pixel of the box. */
  screen: number;
}

interface Layered {
  surface: Surface;
  layer: Layer;
}

const NOTHING = { tiles: [], planeTiles: [], covered: false };

/** How far the closer look is; null where there is none. */
type State = "loading" | "whole" | "lacking" | null;

export interface Closer {
  /** What of a surface is there of the part that is looked at, in a layer. */
  tilesOf: (surface: Surface, layer: Layer) => Pick<Scene, "tiles" | "planeTiles" | "covered">;
  state: State;
}

/** Tiles of surfaces while one looks closely; they are let go with the surface. */
export function useCloser(
  shown: Layered,
  beside: Layered | null,
  seen: Seen,
  close: boolean,
  onChange: () => void,
): Closer {
  const changed = useRef(onChange);
  changed.current = onChange;
  const [state, setState] = useState<State>(null);
  const { surface } = shown;
  const other = beside?.surface ?? null;
  const held = useMemo(() => (other && other !== surface ? [surface, other] : [surface]), [surface, other]);
  const planes = held.map(({ planes }) => planes);
  useEffect(() => {
    if (!close) return;
    let current = true;
    for (const surface of held) {
      surface
        .closer(() => changed.current())
        .then(
          () => current && changed.current(),
          // What is shown stays as it is.
          () => undefined,
        );
    }
    return () => {
      current = false;
    };
  }, [held, close, ...[planes[0], planes[1] ?? null]]);
  useEffect(
    () => () => {
      for (const { tiles, planeTiles } of held) for (const one of [tiles, planeTiles]) one?.rest();
    },
    [held],
  );
  const tilesOf: Closer["tilesOf"] = (surface, layer) => {
    const { size } = surface;
    const { placement, box, screen } = seen;
    const tiles = close ? tilesFor(surface, layer) : null;
    if (tiles === null) return NOTHING;
    const width = layer === "measured" ? surface.measured!.figures.width! : surface.index!.tiles!.width;
    const found = tiles.look(visible(placement, box, size), (placement.scale * screen * size.width) / width);
    const covered = found.length > 0 && tiles.whole;
    return { ...NOTHING, covered, [layer === "measured" ? "planeTiles" : "tiles"]: found };
  };
  useEffect(() => {
    const looked = [shown, ...(beside ? [beside] : [])];
    for (const { surface, layer } of looked) tilesOf(surface, layer);
    setState(close ? stateOf(looked.flatMap(({ surface, layer }) => tilesFor(surface, layer) ?? [])) : null);
  });
  return { tilesOf, state };
}

/** The tiles that a layer is drawn by; null where it has none. */
function tilesFor(surface: Surface, layer: Layer): Surface["tiles"] | Surface["planeTiles"] {
  if (layer === "measured") return surface.planeTiles;
  return TILED.includes(layer) ? surface.tiles : null;
}

function stateOf(tiles: readonly Pick<Tiles<unknown>, "lacks" | "whole">[]): State {
  if (tiles.length === 0) return null;
  if (tiles.some(({ lacks }) => lacks)) return "lacking";
  return tiles.every(({ whole }) => whole) ? "whole" : "loading";
}

/** The part of a picture that lies in the box, as shares of it. */
function visible({ left, top, scale }: Placement, box: Size, size: Size): Rect {
  const [width, height] = [size.width * scale, size.height * scale];
  const from = { x: Math.max(0, -left / width), y: Math.max(0, -top / height) };
  return {
    left: from.x,
    top: from.y,
    width: Math.min(1, (box.width - left) / width) - from.x,
    height: Math.min(1, (box.height - top) / height) - from.y,
  };
}
