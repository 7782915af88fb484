"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { usePreference } from "@/lib/preferences";
import type { ImageFile } from "@/lib/protocol";

/** Whether a fresh shot fills the stage: not, for two seconds, or until a key is pressed. */
export type Showing = "off" | "2s" | "key";

const SHOWN_MS = 2000;
/** Keys that mean the shot that is shown, and those that alone mean nothing. */
const OF_SHOT = new Set(["0", "1", "2", "3", "4", "5", "x", "z", "b", "Delete", "Tab", "r", "Escape"]);
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta"]);

export interface Review {
  showing: Showing;
  choose: (showing: Showing) => void;
  /** The shot that fills the stage now. */
  shot: ImageFile | null;
  before: ImageFile | null;
  comparing: boolean;
  closely: boolean;
  flip: () => void;
  close: () => void;
  compare: () => void;
  closer: () => void;
}

/** The shot just taken, large: it comes by itself where that is wanted, and Tab flips between it and the live view. */
export function useReview(pictures: ImageFile[], capturing: boolean): Review {
  const [showing, choose] = usePreference<Showing>("review", "2s");
  const [shown, setShown] = useState<string | null>(null);
  const [comparing, setComparing] = useState(false);
  const [closely, setClosely] = useState(false);
  /** Tab means the review from a shot until the keyboard goes elsewhere. */
  const [armed, setArmed] = useState(false);
  const byPointer = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const newest = pictures[0]?.path ?? null;
  const known = useRef<string | null>(null);
  const count = useRef(0);
  /** Whether a picture was asked for here since the last one came: the first of a page that had none is fresh, too. */
  const pressed = useRef(false);
  const stay = useCallback(() => {
    if (timer.current) clearTimeout(timer.current);
    timer.current = null;
  }, []);
  // A shot that was there when the page came, or that took the place of a deleted one, is no fresh one.
  useEffect(() => {
    const more = newest !== null && newest !== known.current && (pictures.length > count.current || pressed.current);
    const fresh = more && (known.current !== null || pressed.current);
    known.current = newest;
    count.current = pictures.length;
    if (!fresh || showing === "off") return;
    pressed.current = false;
    setShown(newest);
    setArmed(true);
    if (timer.current) clearTimeout(timer.current);
    timer.current = showing === "2s" ? setTimeout(() => setShown(null), SHOWN_MS) : null;
  }, [newest, pictures.length, showing]);
  useEffect(() => {
    if (!capturing) return;
    pressed.current = true;
    // The next one is framed in the live view.
    setShown(null);
  }, [capturing]);
  useEffect(() => stay, [stay]);
  const at = shown === null ? -1 : pictures.findIndex(({ path }) => path === shown);
  const shot = pictures[at] ?? null;
  const close = () => {
    stay();
    setShown(null);
    setComparing(false);
    setClosely(false);
  };
  const flip = () => {
    if (shot) {
      close();
      return;
    }
    stay();
    setShown(newest);
    setArmed(true);
  };
  useEffect(() => {
    const point = () => {
      byPointer.current = true;
    };
    document.addEventListener("pointerdown", point);
    return () => document.removeEventListener("pointerdown", point);
  }, []);
  useEffect(() => {
    if (!armed) return;
    const hear = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "Tab") {
        // Who goes on by Tab must come away from here: only after a pointer does it flip back again.
        if (!event.shiftKey && onStage() && (latest.current.shot || byPointer.current)) {
          event.preventDefault();
          latest.current.flip();
        } else byPointer.current = false;
      } else if (!OF_SHOT.has(event.key) && !MODIFIERS.has(event.key)) latest.current.close();
      else if (event.key === "Escape") setArmed(false);
    };
    const leave = (event: FocusEvent) => {
      if (!stageOf(event.target)) setArmed(false);
    };
    document.addEventListener("keydown", hear, true);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("keydown", hear, true);
      document.removeEventListener("focusin", leave);
    };
  }, [armed]);
  const latest = useRef({ flip, close, shot });
  latest.current = { flip, close, shot };
  return {
    showing,
    choose: (next) => {
      choose(next);
      close();
    },
    shot,
    before: at < 0 ? null : (pictures[at + 1] ?? null),
    comparing,
    closely,
    flip,
    close,
    compare: () => {
      stay();
      setComparing(!comparing);
    },
    closer: () => {
      stay();
      setClosely(!closely);
    },
  };
}

function onStage(): boolean {
  return document.activeElement === document.body || stageOf(document.activeElement);
}

function stageOf(part: EventTarget | null): boolean {
  return part instanceof Element && part.closest("[data-testid=liveview], [data-testid=review]") !== null;
}
