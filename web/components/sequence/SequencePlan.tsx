"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { findEntry } from "@/lib/config";
import { ringOrder } from "@/lib/dome";
import { exposureWarnings, shutterSeconds } from "@/lib/exposure";
import { bytes, duration, plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { CapturePhotometricSet, CaptureRecipe, ConfigEntry, Recipe } from "@/lib/protocol";
import { recipeSet, type Trigger, triggerOf } from "@/lib/recipes";
import { readScale } from "@/lib/scale";
import { bytesPerFrame, factsOf, NO_FACTS, nameProblem, type SetFacts, secondsPerFrame } from "@/lib/sequence";
import { selectedCamera } from "@/services/RigStore";
import { DomeMap } from "../lights/DomeMap";
import { useAwaited, useImageNews, useOffline, useRig } from "../RigProvider";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { EmptyState } from "../ui/EmptyState";
import { SplitScreen } from "../ui/SplitScreen";
import { useKeys } from "../useKeys";
import { ExposureCheck } from "./ExposureCheck";
import { LightOrder } from "./LightOrder";
import { RecipeShelf } from "./RecipeShelf";
import styles from "./SequencePlan.module.css";
import { SetFields } from "./SetFields";
import { TestShots } from "./TestShots";

const NONE: ConfigEntry[] = [];
const SETTLE_S = 0.5;

interface Props {
  onStart: (payload: CapturePhotometricSet) => void;
  onRecipe: (payload: CaptureRecipe) => void;
  children?: ReactNode;
}

/** Everything that is decided before the first frame. */
export function SequencePlan({ onStart, onRecipe, children }: Props) {
  useImageNews();
  const lights = useRig((rig) => rig.lights);
  const camera = useRig(selectedCamera);
  const offline = useOffline();
  const awaiting = useAwaited();
  const entries = useRig((rig) => (camera ? rig.config[camera.camera_id] : undefined)) ?? NONE;
  const jobs = useRig((rig) => rig.jobs);
  const captures = useRig((rig) => rig.captures);
  const storage = useRig((rig) => rig.storage);
  const [kept, setOrder] = usePreference<string[] | null>("sequence", null);
  const [ambient, setAmbient] = usePreference("ambient", true);
  const [pauses, setPauses] = usePreference("pauseOnFailure", true);
  const [blackout, setBlackout] = usePreference("blackout", true);
  const [name, setName] = usePreference("setName", "");
  const [trigger, setTrigger] = usePreference<Trigger>("setTrigger", "software");
  const [facts, setFacts] = usePreference<SetFacts>("setFacts", NO_FACTS);

  const known = lights?.lights ?? [];
  const all = ringOrder(
    known.map((light) => ({ ...light, direction: light.direction as [number, number, number] | null })),
  );
  const order = (kept ?? all.map((light) => light.name)).filter((one) => known.some((light) => light.name === one));
  const shutter = shutterSeconds(String(findEntry(entries, "shutterspeed")?.value ?? ""));
  const frames = order.length + (ambient ? 1 : 0);
  const time = frames * secondsPerFrame(jobs, shutter, SETTLE_S);
  const room = frames * bytesPerFrame(captures);
  const tooBig = storage !== null && room > storage.free_bytes;
  const problem = nameProblem(name) ?? (readScale(facts.scale).problem && "The scale cannot be read.");
  const warnings = exposureWarnings(entries);
  const inSeries = jobs.some(
    (job) => job.kind === "series" && job.state === "running" && job.camera_id === camera?.camera_id,
  );
  const always: [boolean, string][] = [
    [offline !== null, String(offline)],
    [awaiting !== null, String(awaiting)],
    [camera === null, "No camera is selected."],
    [camera?.state === "lost" || camera?.state === "recovering", "The camera does not answer."],
    [inSeries, "A series is being taken."],
  ];
  const against: [boolean, string][] = [
    ...always,
    [order.length === 0, "Choose at least one light."],
    [Boolean(problem), String(problem)],
    [tooBig, "The disk has too little room."],
  ];
  const reason = against.find(([holds]) => holds)?.[1] ?? null;
  const start = () => {
    if (reason !== null) return;
    const on_failure = pauses ? "pause" : "fail";
    onStart({
      light_sequence: order,
      set_name_prefix: name.trim() || null,
      ambient,
      on_failure,
      ...triggerOf(trigger),
      ...factsOf(facts),
    });
  };
  useKeys({ "Shift+S": start });
  const startRecipe = (recipe: Recipe) =>
    onRecipe({
      recipe: recipe.name,
      ...(recipe.set_name_prefix ? {} : { set_name_prefix: name.trim() || null }),
      ...factsOf(facts),
    });
  const use = (recipe: Recipe) => {
    setOrder(recipe.light_sequence ?? []);
    setAmbient(recipe.ambient ?? false);
    setPauses(recipe.on_failure === "pause");
    setName(recipe.set_name_prefix ?? "");
    setTrigger(recipe.trigger ?? "software");
  };
  const pick = (light: string) =>
    setOrder(order.includes(light) ? order.filter((one) => one !== light) : [...order, light]);

  if (lights && known.length === 0) {
    return (
      <EmptyState whole icon="lights" title="The rig has no lights yet">
        <p>A photometric set takes one picture per light.</p>
        <Link href="/lights/">Add the lights</Link>
      </EmptyState>
    );
  }
  const dome = known.map(({ name: light, direction, fault }) => ({
    name: light,
    direction: direction as [number, number, number] | null,
    fault,
    on: lights?.states[light] ?? false,
    order: order.includes(light) ? order.indexOf(light) + 1 : null,
  }));
  return (
    <SplitScreen
      classes={{ screen: styles.plan, map: styles.map, side: styles.side }}
      head={
        <>
          <h1>Photometric set</h1>
          <p>One picture per light, with nothing else changed.</p>
        </>
      }
      map={
        <>
          <div className={styles.dome}>
            <DomeMap lights={dome} label="Lights of the sequence, by number" onPick={pick} />
          </div>
          <LightOrder order={order} onOrder={setOrder} onAll={() => setOrder(all.map((light) => light.name))} />
        </>
      }
      side={
        <>
          <div className={styles.scroll}>
            {children}
            <Section title="Recipes">
              <RecipeShelf
                entries={entries}
                cameraId={camera?.camera_id ?? null}
                reason={
                  always.find(([holds]) => holds)?.[1] ??
                  (readScale(facts.scale).problem ? "The scale cannot be read." : null)
                }
                plan={recipeSet(order, known, { ambient, pauses, name, trigger })}
                onStart={startRecipe}
                onUse={use}
              />
            </Section>
            <Section title="Exposure">
              <ExposureCheck warnings={warnings} cameraId={camera?.camera_id ?? null} known={entries.length > 0} />
            </Section>
            <Section title="Test shots">
              <TestShots
                lights={all.filter((light) => order.includes(light.name))}
                reason={reason === problem ? null : reason}
              />
            </Section>
            <Section title="Set">
              <SetFields
                name={name}
                onName={setName}
                facts={facts}
                onFacts={setFacts}
                trigger={trigger}
                onTrigger={setTrigger}
              />
            </Section>
            <Section title="While it runs">
              <Choice
                label="Ambient frame"
                detail="First one frame with every light off"
                checked={ambient}
                onChange={setAmbient}
              />
              <Choice
                label="Pause on a failure"
                detail="Instead of ending the set"
                checked={pauses}
                onChange={setPauses}
              />
              <Choice
                label="Black out this screen"
                detail="It is a light source too; a tap wakes it"
                checked={blackout}
                onChange={setBlackout}
              />
            </Section>
          </div>
          <div className={styles.start}>
            <p className={styles.estimate}>
              <strong>
                {plural(order.length, "frame")}
                {ambient && " + ambient"}
              </strong>
              <span>
                about {duration(time)} · {bytes(room)}
              </span>
              {reason ? (
                <span className={reason === awaiting ? undefined : styles.problem}>{reason}</span>
              ) : (
                warnings.length > 0 && <span className={styles.warned}>{plural(warnings.length, "warning")} above</span>
              )}
            </p>
            <Button tone="main" icon="play" reason={reason} onClick={start} title="Start (Shift+S)">
              Start
            </Button>
          </div>
        </>
      }
    />
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
