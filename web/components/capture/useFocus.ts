"use client";

import { useEffect, useRef, useState } from "react";
import { findEntry } from "@/lib/config";
import type { Point } from "@/lib/fit";
import type { ConfigEntry } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { useRig, useStore } from "../RigProvider";

/** Where the camera was asked to focus, and how that went. */
export interface FocusMark {
  /** Counts the attempts. */
  id: number;
  /** Null lets the camera choose. */
  point: Point | null;
  state: "pending" | "done" | "failed";
  /** The camera's words where it failed. */
  message: string | null;
}

export interface Focus {
  mark: FocusMark | null;
  /** Whether a tap shall focus: the camera can, and is not set to manual focus. */
  byTap: boolean;
  /** Focus at a point, else where it was focused last, else wherever the camera likes. */
  once: (point?: Point) => void;
  /** Where was aimed or focused last. */
  aimed: Point | null;
  /** Where `once` will focus. */
  aim: (point: Point) => void;
  drive: (step: number) => void;
}

const DONE_MS = 1600;
const FAILED_MS = 7000;
const MANUAL = /^(manual|mf)$/i;
const FOCUSING = new Set(["/main/actions/autofocusdrive", "/main/actions/autofocus"]);
const NONE: ConfigEntry[] = [];

/** The camera's autofocus and the steps of its lens. */
export function useFocus(cameraId: string | null, reason: string | null): Focus {
  const store = useStore();
  const entries = useRig((rig) => (cameraId ? rig.config[cameraId] : undefined)) ?? NONE;
  const [mark, setMark] = useState<FocusMark | null>(null);
  const last = useRef<Point | null>(null);
  const attempt = useRef(0);

  useEffect(() => {
    if (mark === null || mark.state === "pending") return;
    const timer = setTimeout(() => setMark(null), mark.state === "done" ? DONE_MS : FAILED_MS);
    return () => clearTimeout(timer);
  }, [mark]);

  const once = async (point: Point | null) => {
    if (cameraId === null || reason !== null) return;
    const id = ++attempt.current;
    const tell = (state: FocusMark["state"], message: string | null = null) => {
      if (id === attempt.current) setMark({ id, point, state, message });
    };
    last.current = point;
    tell("pending");
    try {
      await store.service.request("AUTOFOCUS", {
        camera_id: cameraId,
        ...(point && { point: [point.x, point.y] as [number, number] }),
      });
      tell("done");
    } catch (error) {
      // A camera that cannot be told where may still focus wherever it likes: that is what F shall do then.
      if (error instanceof RequestFailed && error.code === "config_not_found") last.current = null;
      const words = error instanceof RequestFailed ? [error.message, error.hint] : [String(error)];
      tell("failed", words.filter(Boolean).join(" "));
    }
  };
  const modes = ["focusmode", "focusmode2"].map((name) => String(findEntry(entries, name)?.value ?? ""));
  return {
    mark,
    aimed: last.current,
    aim: (point) => {
      last.current = point;
    },
    byTap:
      reason === null && entries.some(({ path }) => FOCUSING.has(path)) && !modes.some((mode) => MANUAL.test(mode)),
    once: (point) => void once(point ?? last.current),
    drive: (step) => {
      if (reason !== null) return;
      store.service.request("DRIVE_FOCUS", { step }).catch((error) => store.complain(error));
    },
  };
}
