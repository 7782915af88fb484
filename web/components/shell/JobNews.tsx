"use client";

import { usePathname, useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import { type Mark, newsOf, titleOf } from "@/lib/jobNews";
import { usePreference } from "@/lib/preferences";
import type { Job } from "@/lib/protocol";
import { currentJob } from "@/services/RigStore";
import { useRig, useStore } from "../RigProvider";

const NAME = "Tetherlight";
const COLOURS: Record<Mark, string> = { running: "#ffa45c", paused: "#ff9488", failed: "#ff5a47", done: "#a9d8b0" };
const NEWS_S = 12;

/** Tells how a job stands where nobody looks: in the tab's title and its icon, as a notice on other screens, and by the system. */
export function JobNews() {
  const store = useStore();
  const router = useRouter();
  const here = usePathname();
  const jobs = useRig((rig) => rig.jobs);
  const under = useRig(currentJob);
  const [byServer] = usePreference("systemNotices", false);
  const [sound] = usePreference("sound", false);
  const states = useRef<Map<string, Job["state"]> | null>(null);
  const unseen = useRef<{ title: string; mark: Mark } | null>(null);
  const latest = useRef({ here, byServer, sound });
  latest.current = { here, byServer, sound };

  useEffect(() => {
    const before = states.current;
    states.current = new Map(jobs.map((job) => [job.job_id, job.state]));
    for (const job of before ? jobs : []) {
      if (before!.get(job.job_id) !== "running" || job.state === "running") continue;
      const news = newsOf(job);
      if (news === null) continue;
      const place = job.kind === "series" ? "/" : "/sequence/";
      const elsewhere =
        job.kind === "series" ? latest.current.here !== "/" : !latest.current.here.startsWith("/sequence");
      if (elsewhere) {
        const action = { label: "Look", run: () => router.push(place) };
        store.notify({ text: news.text, tone: news.mark === "done" ? "plain" : "warning", seconds: NEWS_S, action });
      }
      if (latest.current.sound) beep();
      if (!document.hidden) continue;
      unseen.current = news;
      if (latest.current.byServer) tellSystem(news.text, job.job_id);
    }
  }, [jobs, store, router]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what ended is known by the jobs, and each screen may set a title of its own
  useEffect(() => {
    const show = () => {
      if (!document.hidden) unseen.current = null;
      const { title, mark } = unseen.current ?? titleOf(under);
      document.title = title ? `${title} · ${NAME}` : NAME;
      setIcon(mark);
    };
    show();
    document.addEventListener("visibilitychange", show);
    return () => document.removeEventListener("visibilitychange", show);
  }, [under, jobs, here]);
  return null;
}

let usual: string | null = null;

/** A dot in the colour of the job on the icon of the tab. */
function setIcon(mark: Mark | null): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!link) return;
  usual ??= link.href;
  const dot = mark && `<circle cx="16" cy="16" r="13" fill="${COLOURS[mark]}"/>`;
  const href = dot
    ? `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${dot}</svg>`)}`
    : usual;
  if (link.href !== href) link.href = href;
}

function tellSystem(text: string, tag: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    new Notification(NAME, { body: text, tag });
  } catch {
    // Phones allow it to service workers only.
  }
}

/** Two short tones, only where somebody wished for them. */
function beep(): void {
  const audio = new AudioContext();
  for (const [at, pitch] of [
    [0, 660],
    [0.18, 880],
  ] as const) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.08;
    tone.frequency.value = pitch;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.12);
  }
  setTimeout(() => void audio.close(), 1000);
}
