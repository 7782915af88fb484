"use client";

import { type ReactNode, useEffect } from "react";
import { currentJob } from "@/services/RigStore";
import { useRig } from "../RigProvider";
import { Blackout } from "../sequence/Blackout";
import { Announcer } from "./Announcer";
import { JobNews } from "./JobNews";
import { LockedScreen } from "./LockedScreen";
import { LostBar } from "./LostBar";
import { Notices } from "./Notices";
import { Rail } from "./Rail";
import { ScreenKeys } from "./ScreenKeys";
import styles from "./Shell.module.css";
import { StatusStrip } from "./StatusStrip";
import { TroubleBar } from "./TroubleBar";

/** The frame around every screen. Fullscreen is asked for it, so that dialogs stay visible. */
export function Shell({ children }: { children: ReactNode }) {
  const state = useRig((rig) => rig.status.state);
  const running = useRig((rig) => currentJob(rig) !== null);
  useEffect(() => {
    document.documentElement.dataset.running = String(running);
  }, [running]);
  if (state === "locked") return <LockedScreen />;
  return (
    <div id="shell" className={styles.shell} data-lost={state === "waiting" || undefined}>
      <StatusStrip />
      <Rail />
      <div className={styles.place}>
        <LostBar />
        <TroubleBar />
        <main className={styles.main}>{children}</main>
      </div>
      <Notices />
      <Announcer />
      <JobNews />
      <ScreenKeys />
      <Blackout />
    </div>
  );
}
