import { type PointerEvent, useRef } from "react";

/** A finger that moved less than that tapped. */
const TAP_PX = 10;
const SWIPE_PX = 32;
/** A swipe is over sooner; who drags longer goes through the images, one for each so many pixels. */
const SWIPE_MS = 320;
const SCRUB_PX = 36;
const DOUBLE_TAP_MS = 260;

interface Begun {
  x: number;
  y: number;
  at: number;
  /** Images that it has gone already. */
  gone: number;
}

/** What a single finger does on a whole picture: a swipe goes one image on, a drag goes through them, a tap is told. */
export function useFlick(onFlick: ((by: number) => void) | undefined, onTap: (() => void) | undefined) {
  const begun = useRef<Begun | null>(null);
  const tap = useRef<ReturnType<typeof setTimeout> | null>(null);
  const forget = () => {
    begun.current = null;
  };
  return {
    forget,
    begin: (event: PointerEvent) => {
      begun.current =
        event.pointerType === "mouse" ? null : { x: event.clientX, y: event.clientY, at: event.timeStamp, gone: 0 };
    },
    move: (event: PointerEvent) => {
      const from = begun.current;
      if (!from || !onFlick || event.timeStamp - from.at < SWIPE_MS) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (from.gone === 0 && Math.abs(x) < Math.abs(y)) return;
      const wanted = -Math.trunc(x / SCRUB_PX);
      if (wanted !== from.gone) onFlick(wanted - from.gone);
      from.gone = wanted;
    },
    /** `whole`: the picture is shown whole, so that a swipe is none that moves it. */
    end: (event: PointerEvent, whole: boolean) => {
      const from = begun.current;
      forget();
      if (!from) return;
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      const quick = event.timeStamp - from.at < SWIPE_MS;
      if (Math.hypot(x, y) < TAP_PX && quick) {
        // The second tap of two magnifies: it takes the first one back.
        if (tap.current) clearTimeout(tap.current);
        const second = tap.current !== null;
        tap.current = second
          ? null
          : setTimeout(() => {
              tap.current = null;
              onTap?.();
            }, DOUBLE_TAP_MS);
      } else if (whole && quick && Math.abs(x) > SWIPE_PX && Math.abs(x) > Math.abs(y)) onFlick?.(x < 0 ? 1 : -1);
    },
  };
}
