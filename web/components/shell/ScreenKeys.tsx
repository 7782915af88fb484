"use client";

import dynamic from "next/dynamic";
import { usePathname, useRouter } from "next/navigation";
import { useState } from "react";
import { currentJob } from "@/services/RigStore";
import { useRig } from "../RigProvider";
import { CancelJobDialog } from "../sequence/CancelJobDialog";
import { useKeys } from "../useKeys";

const ShortcutsDialog = dynamic(() => import("./ShortcutsDialog").then((part) => part.ShortcutsDialog), { ssr: false });

/** The keys that work on every screen. */
export function ScreenKeys() {
  const router = useRouter();
  const here = usePathname();
  const job = useRig(currentJob);
  const [open, setOpen] = useState<"keys" | { stop: string } | null>(null);
  useKeys({
    "?": () => setOpen("keys"),
    l: () => router.push("/lights/"),
    Enter: () => toggleFullscreen(),
    "Ctrl+.": () => job && setOpen({ stop: job.job_id }),
    ...(!here.startsWith("/sequence") && { "Shift+S": () => router.push("/sequence/") }),
  });
  if (open === "keys") return <ShortcutsDialog onClose={() => setOpen(null)} />;
  return open && <CancelJobDialog jobId={open.stop} onClose={() => setOpen(null)} />;
}

/** The shell goes fullscreen and not the picture in it: a dialog outside the fullscreen element is invisible. */
export function toggleFullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen?.().catch(() => undefined);
}
