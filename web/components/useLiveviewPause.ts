import type { Job } from "@/lib/protocol";
import { selectedCamera } from "@/services/RigStore";
import { useRig } from "./RigProvider";

/** The job that has the selected camera now. */
export function useOwner(): Job | undefined {
  const camera = useRig(selectedCamera);
  return useRig((rig) => rig.jobs.find((job) => job.state === "running" && job.camera_id === camera?.camera_id));
}

/** Why the live view stands still, in words; null where it does not. */
export function useLiveviewPause(): string | null {
  const owner = useOwner();
  const capturing = useRig((rig) => rig.capturing);
  if (capturing) return "Paused: capturing";
  if (owner === undefined) return null;
  if (owner.kind === "photometric_set") return "Paused: a sequence is capturing";
  return owner.steps.some((step) => step.state === "running") ? "Paused: capturing" : null;
}
