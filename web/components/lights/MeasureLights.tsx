"use client";

import { useState } from "react";
import type { Job, LightMeasurement } from "@/lib/protocol";
import { currentMeasurement, selectedCamera } from "@/services/RigStore";
import { RequestFailed } from "@/services/WebSocketService";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";

/** Lets the camera measure all lamps for the rig file, and stops that. */
export function MeasureLights({ reason }: { reason: string | null }) {
  const store = useStore();
  const [asked, setAsked] = useState(false);
  const job = useRig(currentMeasurement);
  const camera = useRig((rig) => selectedCamera(rig) !== null);
  const barred = useOffline("settings");
  const complain = (error: unknown) => store.complain(error);
  const begin = () => {
    setAsked(false);
    // The answer comes at the end of the job.
    store.service
      .request("MEASURE_LIGHTS", { lights: null, camera_id: null, levels: 8, apply: true })
      .then((told: LightMeasurement) => store.notify({ text: `${told.message} The rig file has it.` }))
      .catch((error) => {
        if (!(error instanceof RequestFailed && error.code === "job_error")) complain(error);
      });
  };
  if (job)
    return (
      <Stop job={job} onStop={() => store.service.request("CANCEL_JOB", { job_id: job.job_id }).catch(complain)} />
    );
  return (
    <>
      <Button
        icon="sharpness"
        reason={barred ?? reason ?? (camera ? null : "No camera is selected.")}
        onClick={() => setAsked(true)}
      >
        Measure
      </Button>
      {asked && (
        <Dialog
          title="Measure all lights?"
          onClose={() => setAsked(false)}
          actions={
            <>
              <Button onClick={() => setAsked(false)}>Leave it</Button>
              <Button tone="main" onClick={begin}>
                Measure
              </Button>
            </>
          }
        >
          <p>
            Each light is on alone for some seconds, while the live view is watched: how long it takes, how it flickers,
            and its curve where it dims. The rig file has that from then on.
          </p>
          <p>Point the camera at what they light, darken the room, and let the camera expose manually.</p>
        </Dialog>
      )}
    </>
  );
}

function Stop({ job, onStop }: { job: Job; onStop: () => void }) {
  return (
    <Button icon="stop" onClick={onStop}>
      Stop measuring, {job.index} of {job.total}
    </Button>
  );
}
