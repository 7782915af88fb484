"use client";

import { useEffect, useRef, useState } from "react";
import { cameBefore, take } from "@/lib/thumbnailQueue";

/** A small picture in a long list: it waits for its turn, and is given up when it is scrolled away. */
export function Thumbnail({ url }: { url: string }) {
  const picture = useRef<HTMLImageElement>(null);
  const [begun, setBegun] = useState<string | null>(null);
  const end = useRef<(came: boolean) => void>(() => undefined);
  useEffect(() => {
    const shown = picture.current;
    if (cameBefore(url)) {
      setBegun(url);
      return;
    }
    let over = false;
    const giveBack = take(url, () => setBegun(url));
    end.current = (came) => {
      if (over) return;
      over = true;
      giveBack(came);
    };
    return () => {
      // A picture that is not in the page any more would come nevertheless.
      if (!over) shown?.removeAttribute("src");
      end.current(false);
    };
  }, [url]);
  return (
    <img
      ref={picture}
      src={begun === url ? url : undefined}
      alt=""
      decoding="async"
      fetchPriority="low"
      onLoad={() => end.current(true)}
      onError={() => end.current(false)}
    />
  );
}
