"use client";

import { useCallback, useSyncExternalStore } from "react";

const PREFIX = "tetherlight.";
const listeners = new Set<() => void>();

/** A choice that this browser remembers; where it may not remember, it lasts as long as the page. */
export function usePreference<T>(name: string, initial: T): [T, (value: T) => void] {
  const text = useSyncExternalStore(
    subscribe,
    () => read(name),
    () => null,
  );
  const set = useCallback((value: T) => write(name, JSON.stringify(value)), [name]);
  return [text === null ? initial : (JSON.parse(text) as T), set];
}

/** The same choice, for what is no component; null where there is none. */
export function remembered(name: string): unknown {
  const text = read(name);
  return text === null ? null : JSON.parse(text);
}

export function remember(name: string, value: unknown): void {
  write(name, JSON.stringify(value));
}

const kept = new Map<string, string | null>();

function read(name: string): string | null {
  if (!kept.has(name)) {
    try {
      kept.set(name, localStorage.getItem(PREFIX + name));
    } catch {
      kept.set(name, null);
    }
  }
  return kept.get(name) ?? null;
}

function write(name: string, text: string): void {
  kept.set(name, text);
  try {
    localStorage.setItem(PREFIX + name, text);
  } catch {
    // A browser without storage forgets; nothing else is wrong.
  }
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
