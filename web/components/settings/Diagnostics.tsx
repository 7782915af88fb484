"use client";

import { useCallback, useEffect, useState } from "react";
import { logText } from "@/lib/log";
import type { Finding } from "@/lib/protocol";
import type { RigStore } from "@/services/RigStore";
import { useConnected, useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { FindingList } from "./FindingList";
import { LogTail } from "./LogTail";
import { Section } from "./Section";
import styles from "./SettingsScreen.module.css";

const REPORTED_LINES = 200;

/** What is wrong with the rig, what the server wrote in its log, and both as a text to pass on. */
export function Diagnostics() {
  const store = useStore();
  const connected = useConnected();
  const offline = useOffline("read");
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const [report, setReport] = useState<{ text: string; copied: boolean } | null>(null);
  const look = useCallback(() => {
    setFindings(null);
    store.service
      .request("DIAGNOSE", {})
      .then((diagnosis) => setFindings(diagnosis.findings))
      .catch((error) => {
        setFindings([]);
        store.complain(error);
      });
  }, [store]);
  useEffect(() => {
    if (connected) look();
  }, [connected, look]);
  const give = async () => {
    const text = await reportText(store, findings);
    setReport({ text, copied: await copy(text) });
  };
  return (
    <Section title="Health">
      {findings === null ? <p className={styles.soft}>Looking…</p> : <FindingList findings={findings} />}
      <div className={styles.buttons}>
        <Button icon="retry" reason={offline} onClick={look}>
          Look again
        </Button>
        <Button onClick={give}>Copy a report</Button>
        {report?.copied && (
          <p className={styles.soft} role="status">
            Copied.
          </p>
        )}
      </div>
      {report && !report.copied && <ReportText text={report.text} />}
      <LogTail />
    </Section>
  );
}

/** The report to be copied by hand, where the page may not write to the clipboard, as on plain HTTP. */
function ReportText({ text }: { text: string }) {
  const select = useCallback((area: HTMLTextAreaElement | null) => {
    area?.focus();
    area?.select();
  }, []);
  return (
    <div className={styles.byHand}>
      <p className={styles.soft} role="status">
        This browser lets a page copy only over HTTPS. The report is selected: press Ctrl+C.
      </p>
      <textarea key={text} ref={select} className={styles.report} readOnly rows={8} aria-label="Report" value={text} />
    </div>
  );
}

async function reportText(store: RigStore, findings: Finding[] | null): Promise<string> {
  const { server, inventory, storage } = store.getState();
  const facts = JSON.stringify({ server, inventory, storage, findings, browser: navigator.userAgent }, null, 2);
  const log = await store.service
    .request("GET_LOG", { limit: REPORTED_LINES, level: "INFO" })
    .then(({ lines }) => lines.map(logText).join("\n"))
    .catch((error) => `The log could not be read: ${error instanceof Error ? error.message : error}`);
  return `${facts}\n\nLog\n${log}\n`;
}

/** Put text on the clipboard; false where the page may not. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
