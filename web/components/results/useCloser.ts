"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import type { Placement } from "@/lib/fit";
import type { Pictures } from "@/lib/relight/painter";
import type { Rect, Tile, Tiles } from "@/lib/relight/tiles";
import type { Surface } from "@/lib/surface";
import type { Size } from "@/lib/zoom";

interface Seen {
  placement: Placement;
  box: Size;
  /** Device pixels to a pixel of the box. */
  screen: number;
}

/** How far the closer look is; null where there is none. */
type State = "loading" | "whole" | "lacking" | null;

export interface Closer {
  /** What of a surface is there of the part that is looked at. */
  tilesOf: (surface: Surface) => readonly Tile<Pictures>[];
  state: State;
}

/** Tiles of surfaces while one looks closely; they are let go with the surface. */
export function useCloser(
  surface: Surface,
  other: Surface | null,
  seen: Seen,
  close: boolean,
  onChange: () => void,
): Closer {
  const changed = useRef(onChange);
  changed.current = onChange;
  const [state, setState] = useState<State>(null);
  const held = useMemo(() => (other && other !== surface ? [surface, other] : [surface]), [surface, other]);
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
  }, [held, close]);
  useEffect(
    () => () => {
      for (const surface of held) surface.tiles?.rest();
    },
    [held],
  );
  const tilesOf = (surface: Surface) => {
    const { tiles, size, index } = surface;
    const { placement, box, screen } = seen;
    if (!close || !tiles || !index?.tiles) return [];
    return tiles.look(visible(placement, box, size), (placement.scale * screen * size.width) / index.tiles.width);
  };
  useEffect(() => {
    for (const one of held) tilesOf(one);
    setState(close ? stateOf(held.flatMap(({ tiles }) => tiles ?? [])) : null);
  });
  return { tilesOf, state };
}

function stateOf(tiles: readonly Tiles<Pictures>[]): State {
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
