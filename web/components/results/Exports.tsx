"use client";

import { useRef, useState } from "react";
import { serverUrl } from "@/lib/base";
import { percent } from "@/lib/format";
import type { ExportSet, SetDetails } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import styles from "./Downloads.module.css";

const FORMS: { to: ExportSet["to"]; title: string; words: string }[] = [
  { to: "textures", title: "Textures", words: "normals for OpenGL and DirectX, albedo, height, OpenEXR" },
  { to: "relightlab", title: "RelightLab, RTIBuilder", words: "images with a light file" },
  { to: "meshroom", title: "Meshroom", words: "SfMData with one view and its lights" },
  { to: "lino", title: "Universal photometric stereo", words: "L* images with a mask" },
  { to: "colmap", title: "COLMAP", words: "a text model" },
  { to: "iiif", title: "IIIF", words: "Presentation 3 manifest with tiles, for a web server" },
  { to: "bagit", title: "BagIt", words: "for an archive: everything, with checksums" },
];

/** The set as other programs open it, made by the server when it is asked for. */
export function Exports({ details }: { details: SetDetails }) {
  const store = useStore();
  const offline = useOffline();
  const { name } = details.set;
  const [making, setMaking] = useState<ExportSet["to"] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const cancelled = useRef(false);
  const job = useRig(
    ({ jobs }) => jobs.find(({ set_name, state }) => set_name === name && state === "running") ?? null,
  );
  const reason = offline ?? (making || job ? "Something is being made of this set." : null);
  const make = async (to: ExportSet["to"]) => {
    cancelled.current = false;
    setMaking(to);
    setProblem(null);
    try {
      const { url } = await store.service.request("EXPORT_SET", { set_name: name, to });
      const link = document.createElement("a");
      link.href = serverUrl(url);
      link.download = `${name}-${to}.zip`;
      link.click();
    } catch (error) {
      if (cancelled.current) return;
      const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
      setProblem(`${error instanceof Error ? error.message : error}${hint}`);
    } finally {
      setMaking(null);
    }
  };
  const cancel = () => {
    cancelled.current = true;
    if (job) store.service.request("CANCEL_JOB", { job_id: job.job_id }).catch((error) => store.complain(error));
  };
  return (
    <section aria-labelledby="exports">
      <h3 id="exports" className={styles.heading}>
        For other programs
      </h3>
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <ul className={styles.files}>
        {FORMS.map(({ to, title, words }) => (
          <li key={to} className={styles.form}>
            <span className={styles.words}>
              <span>{title}</span>
              <span className={styles.detail}>{words}</span>
            </span>
            {making === to ? (
              <Button icon="stop" reason={job ? null : "It has not begun."} onClick={cancel}>
                Cancel at {percent(job?.progress ?? 0)}
                <span className="visually-hidden"> of {title}</span>
              </Button>
            ) : (
              <Button icon="download" reason={reason} onClick={() => void make(to)}>
                Zip
                <span className="visually-hidden"> for {title}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
