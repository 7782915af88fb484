"use client";

import { type ReactNode, useState } from "react";
import { dateAndTime, lightLabel, percent, plural } from "@/lib/format";
import { type ReportLight, sourceWords } from "@/lib/results";
import { lightOf } from "@/lib/sets";
import type { Surface } from "@/lib/surface";
import { Button } from "../ui/Button";
import { Disclosure } from "../ui/Disclosure";
import { Icon } from "../ui/Icon";
import styles from "./TrustPanel.module.css";
import type { Reconstruction } from "./useReconstruction";

/** A residual this large fills its bar. */
const FULL = 0.1;

interface Props {
  surface: Surface;
  making: Reconstruction;
  /** What else there is to look at. */
  children?: ReactNode;
}

/** How far the surface can be trusted: what it was made of, how, and what each lamp says to it. */
export function TrustPanel({ surface, making, children }: Props) {
  const { report, record } = surface;
  const { figures } = report;
  const [open, setOpen] = useState({ warnings: report.warnings.length > 0, lamps: false, facts: false });
  const facts: [string, string | null][] = [
    ["Method", report.method],
    ["Directions", sourceWords(report)],
    ["Ambient light", report.ambient ? `taken off by ${report.ambient}` : "not measured"],
    ["Values", report.response],
    ["Lamp strengths", report.intensities],
    [
      "Typical error",
      figures.predicted_error_median_deg === undefined ? null : `${figures.predicted_error_median_deg.toFixed(2)}°`,
    ],
    ["Residual", figures.residual_median === undefined ? null : percent(figures.residual_median)],
    ["Solved", figures.valid_share === undefined ? null : `${percent(figures.valid_share)} of the picture`],
    ["Made", record.made_at && dateAndTime(record.made_at)],
    [
      "By",
      Object.entries(report.software)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
  ];
  return (
    <section className={styles.panel} aria-labelledby="trust-panel">
      <div className={styles.head}>
        <h2 id="trust-panel">Trust</h2>
        <p>
          {figures.predicted_error_median_deg === undefined
            ? ""
            : `±${figures.predicted_error_median_deg.toFixed(1)}° typical · `}
          {report.nearly_lambertian === false ? "glossy object" : report.method}
        </p>
      </div>
      {report.warnings.length > 0 && (
        <Disclosure
          title={plural(report.warnings.length, "warning")}
          open={open.warnings}
          onOpen={(warnings) => setOpen((before) => ({ ...before, warnings }))}
        >
          <ul className={styles.warnings}>
            {report.warnings.map((text) => (
              <li key={text}>
                <Icon name="warning" size={16} />
                {text}
              </li>
            ))}
          </ul>
        </Disclosure>
      )}
      <Disclosure
        title="Lamps"
        brief={`${report.lights.filter(({ used }) => used).length} used`}
        open={open.lamps}
        onOpen={(lamps) => setOpen((before) => ({ ...before, lamps }))}
      >
        <Lamps surface={surface} making={making} />
      </Disclosure>
      {children}
      <Disclosure
        title="How it was made"
        brief={report.method}
        open={open.facts}
        onOpen={(now) => setOpen((before) => ({ ...before, facts: now }))}
      >
        <p className={styles.why}>{report.why}</p>
        <dl className={styles.facts}>
          {facts.map(
            ([name, value]) =>
              value && (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ),
          )}
        </dl>
      </Disclosure>
    </section>
  );
}

/** What each lamp's picture says to the surface; those that lie can be left out. */
function Lamps({ surface, making }: { surface: Surface; making: Reconstruction }) {
  const { report, record } = surface;
  const excluded = report.excluded ?? [];
  const [out, setOut] = useState({ of: record.made_at, names: new Set(excluded) });
  const names = out.of === record.made_at ? out.names : new Set(excluded);
  const flip = (name: string) => {
    const next = new Set(names);
    if (!next.delete(name)) next.add(name);
    setOut({ of: record.made_at, names: next });
  };
  const same = names.size === excluded.length && excluded.every((name) => names.has(name));
  const rows: ReportLight[] = [...report.lights].sort((a, b) => (b.residual ?? 2) - (a.residual ?? 2));
  return (
    <>
      <ul className={styles.lamps}>
        {rows.map((light) => (
          <LampRow
            key={light.filename}
            light={light}
            on={!names.has(light.filename)}
            onFlip={() => flip(light.filename)}
          />
        ))}
        {excluded.map((name) => (
          <LampRow key={name} light={null} name={name} on={!names.has(name)} onFlip={() => flip(name)} />
        ))}
      </ul>
      {!same && (
        <Button tone="main" icon="retry" reason={making.reason} onClick={() => making.start([...names])}>
          {names.size === 0 ? "Make it again with all" : `Make it again without ${names.size}`}
        </Button>
      )}
    </>
  );
}

function LampRow({
  light,
  name,
  on,
  onFlip,
}: {
  light: ReportLight | null;
  name?: string;
  on: boolean;
  onFlip: () => void;
}) {
  const residual = light?.residual;
  const label = light?.light ? lightLabel(light.light) : lightOf({ filename: light?.filename ?? name ?? "" });
  const words =
    light === null
      ? "left out"
      : !light.used
        ? "no use"
        : residual === undefined
          ? ""
          : `${(residual * 100).toFixed(1)} %`;
  return (
    <li>
      <label className={styles.lamp}>
        <span className={styles.lampName}>{label}</span>
        <span className={styles.bar} aria-hidden="true">
          <span
            style={{ width: `${Math.min(1, (residual ?? 0) / FULL) * 100}%` }}
            data-high={(residual ?? 0) > FULL / 2 || undefined}
          />
        </span>
        <span className={styles.amount}>{words}</span>
        <input type="checkbox" checked={on} onChange={onFlip} aria-label={`Use ${label}`} />
      </label>
    </li>
  );
}
