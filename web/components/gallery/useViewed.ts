"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { useAddress } from "@/lib/address";
import { type View, WHOLE } from "@/lib/zoom";

const PAUSE_MS = 250;

export interface Viewed {
  /** What is looked at, as it stands in the address; null where nothing is. */
  key: string | null;
  open: (key: string) => void;
  /** Look at another one instead. */
  turn: (key: string | null) => void;
  close: () => void;
  /** The zoom that the address names. */
  view: View;
  onView: (view: View) => void;
}

/** Which image is open and how closely it is looked at, in the address; the way back closes it. */
export function useViewed(): Viewed {
  const [params, write] = useAddress();
  const pushed = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const forget = useCallback(() => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
  }, []);
  useEffect(() => forget, [forget]);
  // It opens at once, so that the next key is its own; the address follows, and leads on the ways back and forward.
  const [key, setKey] = useState(params.get("image"));
  useEffect(() => {
    const follow = () => {
      pushed.current = false;
      setKey(new URLSearchParams(window.location.search).get("image"));
    };
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  return {
    key,
    open: (image) => {
      setKey(image);
      pushed.current = true;
      write({ image, zoom: null, at: null }, true);
    },
    turn: (image) => {
      setKey(image);
      write(image === null ? { image, zoom: null, at: null } : { image });
    },
    close: () => {
      forget();
      setKey(null);
      if (pushed.current) window.history.back();
      else write({ image: null, zoom: null, at: null });
      pushed.current = false;
    },
    view: viewIn(params),
    onView: (view) => {
      forget();
      timer.current = setTimeout(() => write(viewAsText(view)), PAUSE_MS);
    },
  };
}

function viewIn(params: URLSearchParams): View {
  const zoom = params.get("zoom") ?? "";
  const times = Number(/^(\d+(?:\.\d+)?)x$/.exec(zoom)?.[1]);
  const scale = zoom === "1" ? 1 : zoom === "2" ? 2 : times >= 1 ? { times } : "fit";
  if (scale === "fit") return WHOLE;
  const [x, y] = (params.get("at") ?? "").split(",").map(Number);
  const inside = (part: number | undefined) => (part !== undefined && part >= 0 && part <= 1 ? part : 0.5);
  return { scale, centre: { x: inside(x), y: inside(y) } };
}

function viewAsText({ scale, centre }: View): { zoom: string | null; at: string | null } {
  if (scale === "fit") return { zoom: null, at: null };
  const zoom = typeof scale === "number" ? String(scale) : `${scale.times.toFixed(2)}x`;
  return { zoom, at: `${centre.x.toFixed(3)},${centre.y.toFixed(3)}` };
}
