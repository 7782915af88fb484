"use client";

import { useCallback, useEffect, useState } from "react";
import type { FoundCode } from "@/lib/protocol";
import { RequestFailed } from "@/services/WebSocketService";
import { LivePicture } from "../lights/LivePicture";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./ObjectsScreen.module.css";

/** Read the codes that the live view shows; the one that is confirmed is the object before the camera. */
export function ScanDialog({ cameraId, onClose }: { cameraId: string; onClose: () => void }) {
  const store = useStore();
  const [codes, setCodes] = useState<FoundCode[] | null>(null);
  const [chosen, setChosen] = useState<FoundCode | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const look = useCallback(async () => {
    setCodes(null);
    setProblem(null);
    try {
      const found = await store.service.request("SCAN_CODE", { camera_id: cameraId });
      setCodes(found.codes);
      setChosen(found.codes[0] ?? null);
    } catch (error) {
      setCodes([]);
      setChosen(null);
      const hint = error instanceof RequestFailed && error.hint ? ` ${error.hint}` : "";
      setProblem(`${error instanceof Error ? error.message : error}${hint}`);
    }
  }, [store, cameraId]);
  useEffect(() => void look(), [look]);
  const confirm = () => {
    if (!chosen) return;
    store.service
      .request("SELECT_OBJECT", { catalogue_number: chosen.text, add: !chosen.known })
      .then(onClose)
      .catch((error) => store.complain(error));
  };
  return (
    <Dialog
      title="Scan a code"
      onClose={onClose}
      actions={
        <>
          <Button icon="retry" disabled={codes === null} onClick={() => void look()}>
            Scan again
          </Button>
          <Button tone="main" icon="check" reason={chosen ? null : "No code was found."} onClick={confirm}>
            {chosen && !chosen.known ? "Add it and use it" : "Use it"}
          </Button>
        </>
      }
    >
      <LivePicture />
      <div role="status" className={styles.codes}>
        {codes === null && <p>Looking…</p>}
        {problem && <p className={styles.problem}>{problem}</p>}
        {codes?.length === 0 && !problem && (
          <p>No code was found. Hold it flat, sharp, lit and large before the camera.</p>
        )}
      </div>
      {codes && codes.length > 0 && (
        <fieldset className={styles.found}>
          <legend>What was read</legend>
          {codes.map((code) => (
            <label key={code.text}>
              <input type="radio" name="code" checked={code.text === chosen?.text} onChange={() => setChosen(code)} />
              <strong>{code.text}</strong>
              <span>{code.known ? "in the list" : "not in the list"}</span>
            </label>
          ))}
        </fieldset>
      )}
    </Dialog>
  );
}
