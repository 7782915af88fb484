"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import { serverUrl, thumbnailUrl } from "@/lib/base";
import type { Lamp } from "@/lib/light";
import { ROUTES, type SetDetails } from "@/lib/protocol";
import type { PictureName } from "@/lib/relight/painter";
import { type Layer, planesOf, resultOf } from "@/lib/results";
import { type Addresses, bitmap, openSurface, type Surface } from "@/lib/surface";

const NEEDED: Partial<Record<Layer, PictureName>> = { height: "height", residual: "residual" };
/** The server draws nothing larger of a photograph. */
const SOURCE_PIXELS = 1600;
const MOST_SOURCES = 24;

export interface Opened {
  surface: Surface | null;
  problem: string | null;
}

/** The surface of a set, loaded anew when another one was made; the one before stays until it is there. */
export function useSurface(details: SetDetails | null): Opened & { again: () => void } {
  const record = useMemo(() => resultOf(details?.manifest ?? null), [details]);
  const key = details && record ? `${details.set.name}\n${record.kind}\n${record.made_at}` : null;
  const [opened, setOpened] = useState<Opened & { key: string | null }>({ key: null, surface: null, problem: null });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef({ details, record });
  latest.current = { details, record };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is another opening
  useEffect(() => {
    const { details, record } = latest.current;
    if (key === null || !details || !record) return;
    let current = true;
    openSurface(details.set.name, record, addressesOf(details, record.made_at)).then(
      (surface) => current && setOpened({ key, surface, problem: null }),
      (error) =>
        current && setOpened({ key, surface: null, problem: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      current = false;
    };
  }, [key, attempt]);
  const same = key !== null && opened.surface?.setName === details?.set.name;
  const surface = same ? opened.surface : null;
  if (surface) surface.measured = planesOf(details?.manifest ?? null);
  return {
    surface,
    problem: opened.key === key ? opened.problem : null,
    again: () => setAttempt((count) => count + 1),
  };
}

/** Load what a layer shows besides normals and albedo; true where it is there. */
export function useLayerPicture(
  surface: Surface | null,
  layer: Layer | null,
  onProblem: (error: unknown) => void,
): boolean {
  const name = layer ? NEEDED[layer] : undefined;
  const measured = layer === "measured" ? (surface?.measured ?? null) : null;
  const [, setLoaded] = useState(0);
  const complain = useRef(onProblem);
  complain.current = onProblem;
  useEffect(() => {
    if (!surface || (name ? surface.pictures[name] : !measured)) return;
    let current = true;
    (name ? surface.load(name) : surface.measure()).then(
      () => current && setLoaded((count) => count + 1),
      (error) => current && complain.current(error),
    );
    return () => {
      current = false;
    };
  }, [surface, name, measured]);
  return name === undefined || surface?.pictures[name] !== undefined;
}

/** The photograph that was taken under a lamp; the one before stays until it is there. */
export function useSource(details: SetDetails | null, lamp: Lamp | null): ImageBitmap | null {
  const image = lamp && details?.images.find(({ filename }) => filename === lamp.filename);
  const url = image ? thumbnailUrl(image, SOURCE_PIXELS) : null;
  const kept = useRef(new Map<string, ImageBitmap>());
  const [shown, setShown] = useState<ImageBitmap | null>(null);
  useEffect(() => {
    if (url === null) return;
    const known = kept.current.get(url);
    if (known) {
      setShown(known);
      return;
    }
    let current = true;
    bitmap(url).then(
      (picture) => {
        kept.current.set(url, picture);
        for (const old of [...kept.current.keys()].slice(0, -MOST_SOURCES)) kept.current.delete(old);
        if (current) setShown(picture);
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [url]);
  return url === null ? null : shown;
}

export function setFileUrl(setName: string, filename: string, query = ""): string {
  const path = filename.split("/").map(encodeURIComponent).join("/");
  return `${serverUrl(ROUTES.SET_FILE.replace("{name}", encodeURIComponent(setName)).replace("{path}", path))}${query}`;
}

function addressesOf({ set, images }: SetDetails, madeAt: string | null): Addresses {
  const version = `v=${encodeURIComponent(madeAt ?? "")}`;
  const beside = images[0]?.url.replace(/[^/]+$/, "") ?? "";
  return {
    file: (name) => setFileUrl(set.name, name, `?${version}`),
    drawn: (name, size) => `${thumbnailUrl({ url: beside + name }, size as 1600)}&${version}`,
  };
}
