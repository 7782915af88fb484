"use client";

import { type CSSProperties, useEffect, useRef } from "react";
import { paintClipping } from "@/lib/analysis";
import styles from "./ImageViewer.module.css";

/** Stripes over what is burnt out (amber) or black (blue) in the picture at an address of this server. */
export function ClippingLayer({ url, style }: { url: string; style: CSSProperties }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let current = true;
    const image = new Image();
    image.onload = () => {
      if (current && canvas.current) paint(canvas.current, image);
    };
    image.src = url;
    return () => {
      current = false;
    };
  }, [url]);
  return <canvas ref={canvas} className={styles.layer} style={style} data-testid="clipping" />;
}

function paint(canvas: HTMLCanvasElement, image: HTMLImageElement): void {
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context || canvas.width === 0) return;
  context.drawImage(image, 0, 0);
  const seen = context.getImageData(0, 0, canvas.width, canvas.height);
  const stripes = context.createImageData(canvas.width, canvas.height);
  paintClipping(seen.data, stripes.data, canvas.width, 0);
  context.putImageData(stripes, 0, 0);
}
