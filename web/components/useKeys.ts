"use client";

import { useLayoutEffect, useRef } from "react";
import { usePreference } from "@/lib/preferences";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

/**
 * Hear keys while nobody types and no dialog is open. Names are `a`, `Shift+S`, `Ctrl+.`, `Space`, `ArrowLeft`;
 * single keys can be switched off in the settings.
 */
export function useKeys(keys: Keys): void {
  const [single] = usePreference("singleKeys", true);
  const latest = useRef({ keys, single });
  latest.current = { keys, single };
  // Before the screen is painted: a key pressed as soon as it is seen must be heard.
  useLayoutEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const name = nameOf(event);
      const action = latest.current.keys[name];
      const needsModifier = !latest.current.single && /^.$/.test(name);
      if (!action || needsModifier || isPressing(event)) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);
}

export function nameOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "Space" : event.key;
  if (event.ctrlKey || event.metaKey) return `Ctrl+${key.toLowerCase()}`;
  if (event.altKey) return `Alt+${key.toLowerCase()}`;
  if (/^[a-z]$/i.test(key)) return event.shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
  return key;
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  // A setting that was picked by its key is stepped by arrows; all other keys keep their meaning.
  if (target.dataset.picked) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}

let byPointer = false;

if (typeof document !== "undefined") {
  document.addEventListener("pointerdown", () => {
    byPointer = true;
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab" || event.key.startsWith("Arrow")) byPointer = false;
    },
    true,
  );
}

/**
 * Space and Enter press a button that was reached by keys, arrows on a list move in it, and a slider pages. A button that was clicked
 * keeps the focus too, but there Space means the shutter.
 */
function isPressing(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement || event.target instanceof SVGElement ? event.target : null;
  if (target === null) return false;
  if (event.key.startsWith("Arrow")) return target.closest("[data-own-keys], input") !== null;
  if (byPointer) return false;
  if (event.key.startsWith("Page")) return target.closest("input[type=range]") !== null;
  if (event.key === "Enter") return target.closest("button, a, input, [role=switch]") !== null;
  return event.key === " " && target.closest("button, input, [role=switch]") !== null;
}
