"use client";

import Link from "next/link";
import { useEffect, useState } from "react";
import { serverUrl } from "@/lib/base";
import { bytes, dateAndTime, plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import { PROTOCOL_VERSION, ROUTES } from "@/lib/protocol";
import { useAwaited, useOffline, useRig, useStore } from "../RigProvider";
import { ShortcutList } from "../shell/ShortcutsDialog";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Diagnostics } from "./Diagnostics";
import { NamingSection } from "./NamingSection";
import { Neighbours } from "./Neighbours";
import { Facts, Section } from "./Section";
import styles from "./SettingsScreen.module.css";

/** How the application behaves, what it is connected to, and what is wrong with it. */
export function SettingsScreen() {
  return (
    <div className={styles.screen}>
      <h1>Settings</h1>
      <div className={styles.columns}>
        <div>
          <Diagnostics />
          <NamingSection />
          <Application />
        </div>
        <div>
          <Connection />
          <Neighbours />
          <Cameras />
          <Rig />
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
      <JobNotices />
    </Section>
  );
}

/** How a set that is done or paused makes itself known where nobody looks at this page. */
function JobNotices() {
  const [system, setSystem] = usePreference("systemNotices", false);
  const [sound, setSound] = usePreference("sound", false);
  const [allowed, setAllowed] = useState<NotificationPermission | "missing">("default");
  useEffect(() => setAllowed("Notification" in window ? Notification.permission : "missing"), []);
  const choose = async (on: boolean) => {
    const answer = on && allowed === "default" ? await Notification.requestPermission() : allowed;
    setAllowed(answer);
    setSystem(on && answer === "granted");
  };
  const detail = {
    missing: "This browser shows none; over https, or on the server's own machine, most do",
    denied: "This browser was told not to show any",
    default: "When a set is done or paused and this page is hidden",
    granted: "When a set is done or paused and this page is hidden",
  }[allowed];
  return (
    <>
      <Choice
        label="Notifications of the system"
        detail={detail}
        checked={system && allowed === "granted"}
        onChange={(on) => void choose(on)}
        disabled={allowed === "missing" || allowed === "denied"}
      />
      <Choice label="Sound" detail="Two short tones when a set is done or paused" checked={sound} onChange={setSound} />
    </>
  );
}

function Connection() {
  const status = useRig((rig) => rig.status);
  const latency = useRig((rig) => rig.latency);
  const guarded = useRig((rig) => rig.server?.token_needed);
  const role = useRig((rig) => rig.server?.role);
  const [address, setAddress] = useState("");
  useEffect(() => setAddress(window.location.host), []);
  const leave = async () => {
    await fetch(serverUrl(ROUTES.LOGOUT), { method: "POST", redirect: "manual" }).catch(() => null);
    window.location.reload();
  };
  return (
    <Section title="Connection">
      <Facts
        facts={[
          ["Server", address],
          ["State", status.state === "open" ? "connected" : status.state],
          ["Round trip", latency === null ? "–" : `${latency.toFixed(0)} ms`],
          [
            "Access",
            guarded === undefined
              ? "–"
              : guarded
                ? `with a token, as ${role ?? "visitor"}`
                : "open to all who reach it",
          ],
        ]}
      />
      {guarded && (
        <div className={styles.buttons}>
          <Button icon="lock" onClick={leave}>
            Forget the token
          </Button>
        </div>
      )}
    </Section>
  );
}

function Cameras() {
  const store = useStore();
  const offline = useOffline("read");
  const awaiting = useAwaited();
  const cameras = useRig((rig) => rig.inventory?.cameras);
  const [looking, setLooking] = useState(false);
  const look = async () => {
    setLooking(true);
    await store.findCameras();
    setLooking(false);
  };
  return (
    <Section title="Cameras">
      {cameras && cameras.length > 0 ? (
        <Facts
          facts={cameras.map(({ camera_id, model, port, serial, open, state, selected }) => [
            model,
            <span key={camera_id}>
              {[port, serial && `serial number ${serial}`, open ? state : "closed", selected && "selected"]
                .filter(Boolean)
                .join(" · ")}
            </span>,
          ])}
        />
      ) : (
        <p className={styles.soft}>{awaiting ?? "No camera is there. Is it switched on, awake and connected?"}</p>
      )}
      <div className={styles.buttons}>
        <Button icon="retry" disabled={looking} reason={offline} onClick={look}>
          {looking ? "Looking…" : "Look for cameras"}
        </Button>
      </div>
    </Section>
  );
}

function Rig() {
  const lights = useRig((rig) => rig.lights);
  if (!lights) return null;
  const placed = lights.lights.filter((light) => light.direction).length;
  return (
    <Section title="Rig">
      <Facts
        facts={[
          ["Lights", `${plural(lights.lights.length, "light")}, ${placed} with a direction`],
          ["Driver", lights.gpio_available ? lights.driver : `${lights.driver}: no lamps hang on this rig`],
        ]}
      />
      <div className={styles.buttons}>
        <Link className={styles.link} href="/lights/#edit" prefetch={false}>
          Edit the rig file
        </Link>
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
