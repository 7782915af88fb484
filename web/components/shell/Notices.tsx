"use client";

import { useEffect } from "react";
import type { Notice } from "@/services/notices";
import { useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./Notices.module.css";

/** What just happened, for a few seconds; hidden while the screen is blacked out. */
export function Notices() {
  const notices = useRig((rig) => rig.notices);
  return (
    <div className={styles.notices} aria-live="polite">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeCard({ notice }: { notice: Notice }) {
  const store = useStore();
  const { id, text, tone, seconds, action } = notice;
  useEffect(() => {
    const timer = setTimeout(() => store.dismiss(id), seconds * 1000);
    return () => clearTimeout(timer);
  }, [store, id, seconds]);
  return (
    <div className={styles.notice} data-tone={tone}>
      {tone !== "plain" && <Icon name="warning" />}
      <p>{text}</p>
      {action && (
        <Button
          onClick={() => {
            store.dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <Button tone="quiet" icon="close" aria-label="Dismiss" onClick={() => store.dismiss(id)} />
    </div>
  );
}
