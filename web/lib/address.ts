"use client";

import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useRef } from "react";

type Change = Record<string, string | null>;

/**
 * What a screen shows, kept in its address: a reload, a link and the way back give it again. Null takes a part away;
 * with `add` the way back leads to how it was.
 */
export function useAddress(): [URLSearchParams, (change: Change, add?: boolean) => void] {
  const params = useSearchParams();
  const own = useRef<string | null>(null);
  useEffect(() => {
    own.current = window.location.pathname;
  }, []);
  const write = useCallback((change: Change, add = false) => {
    // The address changes before a screen goes: what comes late from it must not stand in the next one's.
    if (own.current !== null && own.current !== window.location.pathname) return;
    const now = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(change)) {
      if (value === null || value === "") now.delete(name);
      else now.set(name, value);
    }
    const text = now.toString();
    const url = `${window.location.pathname}${text && `?${text}`}`;
    if (url === `${window.location.pathname}${window.location.search}`) return;
    if (add) window.history.pushState(null, "", url);
    else window.history.replaceState(null, "", url);
  }, []);
  return [params, write];
}
