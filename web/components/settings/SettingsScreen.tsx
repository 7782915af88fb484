"use client";

import { type ReactNode, useCallback, useEffect, useState } from "react";
import { serverUrl } from "@/lib/base";
import { bytes, dateAndTime, plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import { type Finding, PROTOCOL_VERSION } from "@/lib/protocol";
import { useConnected, useRig, useStore } from "../RigProvider";
import { Choice } from "../sequence/SequencePlan";
import { ShortcutList } from "../shell/ShortcutsDialog";
import { Button } from "../ui/Button";
import { FindingList } from "./FindingList";
import styles from "./SettingsScreen.module.css";

/** How the application behaves, what it is connected to, and what is wrong with it. */
export function SettingsScreen() {
  return (
    <div className={styles.screen}>
      <h1>Settings</h1>
      <div className={styles.columns}>
        <div>
          <Diagnostics />
          <Application />
        </div>
        <div>
          <Connection />
          <StorageFacts />
          <Versions />
        </div>
      </div>
      <Section title="Keys">
        <ShortcutList />
      </Section>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Diagnostics() {
  const store = useStore();
  const connected = useConnected();
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const [copied, setCopied] = useState<string | null>(null);
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
  const report = async () => {
    const { server, inventory, storage } = store.getState();
    const text = JSON.stringify({ server, inventory, storage, findings, browser: navigator.userAgent }, null, 2);
    setCopied((await copy(text)) ? "Copied." : text);
  };
  return (
    <Section title="Health">
      {findings === null ? <p className={styles.soft}>Looking…</p> : <FindingList findings={findings} />}
      <div className={styles.buttons}>
        <Button icon="retry" reason={connected ? null : "There is no connection to the server."} onClick={look}>
          Look again
        </Button>
        <Button onClick={report}>Copy a report</Button>
      </div>
      {copied &&
        (copied.length < 20 ? (
          <p role="status">{copied}</p>
        ) : (
          <textarea className={styles.report} readOnly rows={8} aria-label="Report" value={copied} />
        ))}
    </Section>
  );
}

/** Put text on the clipboard; where the page may not, as on plain HTTP, say so by false. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function Application() {
  const [single, setSingle] = usePreference("singleKeys", true);
  const [blackout, setBlackout] = usePreference("blackout", true);
  return (
    <Section title="This browser">
      <Choice
        label="Single keys"
        detail="H, C, G and the like; switch off if they get in your way"
        checked={single}
        onChange={setSingle}
      />
      <Choice
        label="Black out while capturing"
        detail="A screen is a light source in a dark room"
        checked={blackout}
        onChange={setBlackout}
      />
    </Section>
  );
}

function Connection() {
  const status = useRig((rig) => rig.status);
  const latency = useRig((rig) => rig.latency);
  const cameras = useRig((rig) => rig.inventory?.cameras);
  const lights = useRig((rig) => rig.lights);
  const [address, setAddress] = useState("");
  useEffect(() => setAddress(window.location.host), []);
  const leave = async () => {
    await fetch(serverUrl("/logout"), { method: "POST", redirect: "manual" }).catch(() => null);
    window.location.reload();
  };
  return (
    <Section title="Connection">
      <Facts
        facts={[
          ["Server", address],
          ["State", status.state === "open" ? "connected" : status.state],
          ["Round trip", latency === null ? "–" : `${latency.toFixed(0)} ms`],
          ["Cameras", cameras ? plural(cameras.length, "camera") : "–"],
          ["Lights", lights ? `${plural(lights.lights.length, "light")}, driven by ${lights.driver}` : "–"],
        ]}
      />
      <div className={styles.buttons}>
        <Button icon="lock" onClick={leave}>
          Forget the token
        </Button>
      </div>
    </Section>
  );
}

function StorageFacts() {
  const storage = useRig((rig) => rig.storage);
  const server = useRig((rig) => rig.server);
  if (!storage) return null;
  const used = 1 - storage.free_bytes / storage.total_bytes;
  return (
    <Section title="Storage">
      <div className={styles.disk} data-low={storage.low || undefined}>
        <span style={{ width: `${used * 100}%` }} />
      </div>
      <Facts
        facts={[
          ["Free", `${bytes(storage.free_bytes)} of ${bytes(storage.total_bytes)}`],
          ["Captures", storage.path],
          ["Sets", server?.sets_dir ?? "–"],
        ]}
      />
    </Section>
  );
}

function Versions() {
  const server = useRig((rig) => rig.server);
  if (!server) return null;
  const older = server.protocol !== PROTOCOL_VERSION;
  return (
    <Section title="Versions">
      <Facts
        facts={[
          ["Tetherlight", server.version],
          [
            "Protocol",
            older ? `${server.protocol}; this page speaks ${PROTOCOL_VERSION}: reload it` : String(server.protocol),
          ],
          ["libgphoto2", server.libgphoto2 ?? "–"],
          ["Running since", dateAndTime(server.started_at)],
        ]}
      />
    </Section>
  );
}
