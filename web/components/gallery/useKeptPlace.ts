"use client";

import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { keepPlace, placeIn } from "@/lib/place";

const LIST = "gallery";
const SHOWING = new Set(["image", "zoom", "at"]);

/** The address of the gallery as it was left. */
export function galleryAddress(): string {
  return `/gallery/${placeIn(LIST)?.search ?? ""}`;
}

/** Scroll the gallery to where it was left, as soon as there is something to scroll, and focus what was opened there. */
export function useKeptPlace(scroller: RefObject<HTMLElement | null>, ready: boolean): (opened: string) => void {
  const opened = useRef<string | null>(null);
  const restored = useRef(false);
  useLayoutEffect(() => {
    if (!ready || restored.current) return;
    restored.current = true;
    const place = placeIn(LIST);
    if (place === null || place.search !== searchOf()) return;
    const frame = requestAnimationFrame(() => {
      scroller.current?.scrollTo({ top: place.top + listTop(scroller.current) });
      if (place.opened !== null) focusSoon(place.opened);
    });
    return () => cancelAnimationFrame(frame);
  }, [ready, scroller]);
  useEffect(() => {
    const shown = scroller.current;
    if (!shown) return;
    const { pathname } = window.location;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const keep = () => {
      timer = null;
      // The address changes before this screen goes: what stands there then is another one's.
      if (restored.current && window.location.pathname === pathname)
        keepPlace(LIST, { top: shown.scrollTop - listTop(shown), opened: opened.current, search: searchOf() });
    };
    const scrolled = () => {
      timer ??= setTimeout(keep, 150);
    };
    shown.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      if (timer !== null) clearTimeout(timer);
      shown.removeEventListener("scroll", scrolled);
    };
  }, [scroller]);
  return (name) => {
    opened.current = name;
    const shown = scroller.current;
    if (shown) keepPlace(LIST, { top: shown.scrollTop - listTop(shown), opened: name, search: searchOf() });
  };
}

/** Where the list begins in what is scrolled: what stands above it is not always equally high. */
function listTop(scroller: HTMLElement): number {
  const list = scroller.querySelector("[data-own-keys]");
  return list ? list.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop : 0;
}

/** What is asked for in the address, without what is opened. */
function searchOf(): string {
  const params = new URLSearchParams(window.location.search);
  for (const name of SHOWING) params.delete(name);
  const text = params.toString();
  return text && `?${text}`;
}

/** The card is there, and takes the focus, some frames later: when its list was scrolled, the server has told of it, and no dialog is open. */
export function focusSoon(name: string, tries = 90): void {
  const card = document.querySelector<HTMLElement>(`[data-set="${CSS.escape(name)}"]`);
  card?.focus({ preventScroll: true });
  const missed = card === null || document.activeElement !== card;
  if (missed && tries > 0) requestAnimationFrame(() => focusSoon(name, tries - 1));
}
