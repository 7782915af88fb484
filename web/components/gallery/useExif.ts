"use client";

import { useEffect, useState } from "react";
import { exifUrl } from "@/lib/base";
import type { Exif } from "@/lib/exif";

/** What the camera wrote into an image; null until the server has told it. */
export function useExif(imageUrl: string): Exif | null {
  const [read, setRead] = useState<{ url: string; exif: Exif } | null>(null);
  useEffect(() => {
    let current = true;
    const take = (exif: Exif) => current && setRead({ url: imageUrl, exif });
    fetch(exifUrl(imageUrl))
      .then((answer) => (answer.ok ? answer.json() : {}))
      .then(take)
      .catch(() => take({}));
    return () => {
      current = false;
    };
  }, [imageUrl]);
  return read?.url === imageUrl ? read.exif : null;
}
