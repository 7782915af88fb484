"use client";

import { useEffect, useRef, useState } from "react";
import { lightLabel } from "@/lib/format";
import type { Job } from "@/lib/protocol";
import { currentJob } from "@/services/RigStore";
import { useRig } from "../RigProvider";

const PAUSE_MS = 5000;

/** Tells screen readers how a job goes, politely and at most every five seconds. */
export function Announcer() {
  const job = useRig(currentJob);
  const [words, setWords] = useState("");
  const spokenAt = useRef(0);
  useEffect(() => {
    const next = job ? sentence(job) : "";
    const wait = Math.max(0, spokenAt.current + PAUSE_MS - Date.now());
    const timer = setTimeout(() => {
      spokenAt.current = Date.now();
      setWords(next);
    }, wait);
    return () => clearTimeout(timer);
  }, [job]);
  return (
    <p className="visually-hidden" role="status">
      {words}
    </p>
  );
}

function sentence(job: Job): string {
  if (job.kind === "series") {
    return job.state === "paused"
      ? `The series is paused at ${job.index} of ${job.total}.`
      : `Series: picture ${job.index} of ${job.total}.`;
  }
  if (job.state === "paused") return `The sequence is paused at ${job.index} of ${job.total}.`;
  const light = job.current_light ? `, light ${lightLabel(job.current_light)}` : "";
  return `Capturing ${job.index} of ${job.total}${light}.`;
}
