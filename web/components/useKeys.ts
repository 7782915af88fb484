"use client";

import { useEffect, useRef } from "react";
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
  useEffect(() => {
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

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
}

/** Space and Enter on a button press the button, and arrows on a list move in it. */
function isPressing(event: KeyboardEvent): boolean {
  const on = event.target instanceof HTMLElement ? event.target.closest("button, a, input, [data-own-keys]") : null;
  if (on === null) return false;
  if (event.key === " " || event.key === "Enter") return true;
  return on.hasAttribute("data-own-keys") && event.key.startsWith("Arrow");
}
