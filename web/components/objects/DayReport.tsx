"use client";

import { useEffect, useState } from "react";
import { plural } from "@/lib/format";
import { reportUrl } from "@/lib/objects";
import type { ObjectReport } from "@/lib/protocol";
import { useConnected, useRig, useStore } from "../RigProvider";
import { Icon } from "../ui/Icon";
import styles from "./ObjectsScreen.module.css";

/** What was done in a day, as a table and as CSV; today's follows the work. */
export function DayReport() {
  const store = useStore();
  const connected = useConnected();
  const standing = useRig((rig) => rig.objects);
  const [day, setDay] = useState("");
  const [report, setReport] = useState<ObjectReport | null>(null);
  const ended = useRig((rig) => rig.jobs.find(({ state }) => state !== "running")?.job_id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step of the queue and each ended job is work done.
  useEffect(() => {
    if (!connected) return;
    let wanted = true;
    store.service
      .request("REPORT_OBJECTS", { day: day || null })
      .then((found) => wanted && setReport(found))
      .catch((error) => wanted && store.complain(error));
    return () => {
      wanted = false;
    };
  }, [store, connected, day, standing, ended]);
  return (
    <section className={styles.section} aria-labelledby="day-report">
      <div className={styles.dayHead}>
        <h2 id="day-report">{day === "" ? "Today" : "Done on"}</h2>
        <input
          type="date"
          aria-label="Day"
          value={day || (report?.day ?? "")}
          onChange={(event) => setDay(event.target.value)}
        />
      </div>
      {report?.objects.length === 0 && <p className={styles.soft}>Nothing was captured of an object.</p>}
      {report && report.objects.length > 0 && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys. */}
          <div className={styles.table} tabIndex={0} role="region" aria-label="Work of the day">
            <table>
              <thead>
                <tr>
                  <th scope="col">Object</th>
                  <th scope="col">Frames</th>
                  <th scope="col">Retakes</th>
                  <th scope="col">Min.</th>
                </tr>
              </thead>
              <tbody>
                {report.objects.map((one) => (
                  <tr key={one.catalogue_number} data-state={one.state}>
                    <th scope="row">
                      {one.catalogue_number}
                      {one.name && <span>{one.name}</span>}
                    </th>
                    <td>{one.frames}</td>
                    <td>{one.retakes}</td>
                    <td>{one.minutes.toFixed(1)}</td>
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr>
                  <th scope="row">{plural(report.objects.length, "object")}</th>
                  <td>{report.frames}</td>
                  <td>{report.retakes}</td>
                  <td>{report.minutes.toFixed(1)}</td>
                </tr>
              </tfoot>
            </table>
          </div>
          {report.incomplete && <p className={styles.problem}>A part of this day's record cannot be read.</p>}
          <a className={styles.csv} href={reportUrl(report.day)} download>
            <Icon name="download" /> Save as CSV
          </a>
        </>
      )}
    </section>
  );
}
