"use client";

import Link from "next/link";
import { byHand, figuresOf, movedSince } from "@/lib/calibration";
import { dateAndTime, lightLabel, plural } from "@/lib/format";
import type { LightStates } from "@/lib/protocol";
import { useSet } from "../gallery/useSet";
import { useRecentSets } from "../results/useRecentSets";
import { Icon } from "../ui/Icon";
import styles from "./CalibrationPanel.module.css";

/** How well the places of the lamps are known: when, by what and how exactly they were measured, and what has moved. */
export function CalibrationPanel({ lights }: { lights: LightStates }) {
  const { calibration } = lights;
  if (!lights.lights.some(({ direction }) => direction)) return null;
  return (
    <section className={styles.panel} aria-labelledby="calibration-panel">
      <h2 id="calibration-panel">Calibration</h2>
      {calibration ? (
        <Known lights={lights} />
      ) : (
        <p className={styles.say}>
          Where these lamps are was never measured: it is as the rig file says. A set with a mirror sphere in it tells
          it to a fraction of a degree; <Link href="/results/">Results</Link> has <q>Mirror spheres</q> for it.
        </p>
      )}
    </section>
  );
}

function Known({ lights }: { lights: LightStates }) {
  const { at, set_name, mean_error_deg, largest_error_deg, moved_deg, sphere_radius } = lights.calibration!;
  const hand = byHand(lights);
  const { first } = useRecentSets();
  const facts: [string, string | null][] = [
    ["Measured", at && dateAndTime(at)],
    ["Method", sphere_radius === null ? "mirror sphere" : `mirror sphere, radius ${Math.round(sphere_radius)} px`],
    ["Error per pixel", degrees(mean_error_deg, largest_error_deg)],
    ["Against before", moved_deg === null ? null : `${moved_deg.toFixed(1)}° at most`],
  ];
  return (
    <>
      <dl className={styles.facts}>
        {facts.map(
          ([title, value]) =>
            value && (
              <div key={title}>
                <dt>{title}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        {set_name && (
          <div>
            <dt>By the set</dt>
            <dd>
              <Link href={`/results/?set=${encodeURIComponent(set_name)}`}>{set_name}</Link>
            </dd>
          </div>
        )}
      </dl>
      {hand.length > 0 && (
        <Note
          text={`${plural(hand.length, "lamp")} of ${lights.lights.length} ${hand.length === 1 ? "was" : "were"} placed by hand since, or ${hand.length === 1 ? "was" : "were"} not seen: ${hand.map(({ name }) => lightLabel(name)).join(", ")}.`}
        />
      )}
      {first && <MovedSince key={first} name={first} lights={lights} />}
      <Lamps key={set_name} name={set_name} lights={lights} />
    </>
  );
}

/** Whether the newest set with a surface shows that the rig has moved. */
function MovedSince({ name, lights }: { name: string; lights: LightStates }) {
  const { details } = useSet(name);
  const said = movedSince(details?.manifest ?? null, lights.calibration);
  return said && <Note text={`Set ${name}: ${said}`} />;
}

function Lamps({ name, lights }: { name: string | null; lights: LightStates }) {
  return name === null ? <Table lights={lights} /> : <OfSet name={name} lights={lights} />;
}

function OfSet({ name, lights }: { name: string; lights: LightStates }) {
  const { details, missing } = useSet(name);
  return (
    <>
      <Table lights={lights} manifest={details?.manifest} />
      {missing && <p className={styles.say}>The set is gone, and with it the figures of each lamp.</p>}
    </>
  );
}

type SetManifest = Parameters<typeof figuresOf>[1];

function Table({ lights, manifest = null }: { lights: LightStates; manifest?: SetManifest }) {
  const rows = figuresOf(lights.lights, manifest, lights.calibration?.at ?? null);
  return (
    <table className={styles.lamps}>
      <caption className="visually-hidden">What the calibration told of each lamp</caption>
      <thead>
        <tr>
          <th scope="col">Lamp</th>
          <th scope="col">Error</th>
          <th scope="col">Moved</th>
          <th scope="col">Strength</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, measured, error, moved, intensity }) => (
          <tr key={name}>
            <th scope="row">{lightLabel(name)}</th>
            <td>{measured ? (degrees(error) ?? "measured") : "by hand"}</td>
            <td>{degrees(moved) ?? "–"}</td>
            <td>{intensity === null ? "–" : `${intensity.toFixed(2)} ×`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Note({ text }: { text: string }) {
  return (
    <p className={styles.note} role="status">
      <Icon name="warning" size={18} />
      <span>{text}</span>
    </p>
  );
}

function degrees(mean: number | null, largest: number | null = null): string | null {
  if (mean === null) return null;
  return largest === null ? `${mean.toFixed(1)}°` : `${mean.toFixed(2)}° mean, ${largest.toFixed(2)}° at most`;
}
