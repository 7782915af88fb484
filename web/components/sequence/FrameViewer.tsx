"use client";

import dynamic from "next/dynamic";
import type { ImageFile, Job } from "@/lib/protocol";
import { lightOf, shotsOf } from "@/lib/sets";
import { useSet } from "../gallery/useSet";

const ImageViewer = dynamic(() => import("../gallery/ImageViewer").then((part) => part.ImageViewer), { ssr: false });

interface Props {
  job: Job;
  /** The step whose frame is looked at. */
  step: number;
  onStep: (step: number) => void;
  onClose: () => void;
  onAgain: (step: number) => void;
  reason: string | null;
}

/** The frames of a set under way, large: flicked through at one zoom, and taken again where one is not good. */
export function FrameViewer({ job, step, onStep, onClose, onAgain, reason }: Props) {
  const { details } = useSet(job.set_name ?? "");
  const steps = new Map(job.steps.flatMap((one) => one.files.map((path) => [path.split("/").at(-1), one] as const)));
  const frames = shotsOf(details?.images ?? []).flatMap(({ image }) => {
    const of = steps.get(image.filename);
    return of ? [{ image, step: of }] : [];
  });
  const at = frames.findIndex((frame) => frame.step.index === step);
  if (at < 0) return null;
  const stepOf = (image: ImageFile) => frames.find((frame) => frame.image === image)?.step;
  const shown = frames[at]!.step;
  const waits = shown.again ? "It is taken again at the end." : null;
  const busy = job.state === "running" && shown.state !== "done" ? "It is being taken." : null;
  return (
    <ImageViewer
      images={frames.map((frame) => frame.image)}
      index={at}
      onIndex={(index) => onStep(frames[index]!.step.index)}
      onClose={onClose}
      caption={lightOf}
      ratings={details?.manifest?.ratings ?? {}}
      onAgain={(image) => onAgain(stepOf(image)?.index ?? step)}
      againReason={reason ?? waits ?? busy}
    />
  );
}
