/** How a job stands, in the few words of a tab's title and of a notice. */
import { failureOf } from "./causes";
import { plural } from "./format";
import type { Job } from "./protocol";

export type Mark = "running" | "paused" | "failed" | "done";

/** What is told when a job has stopped running; null for what nobody waits for. */
export function newsOf(job: Job): { text: string; title: string; mark: Mark } | null {
  if (job.kind === "computation" || job.kind === "measurement") return null;
  const what = job.set_name ? `“${job.set_name}”` : "The series";
  const done = job.steps.filter((step) => step.index > 0 && step.state === "done").length;
  switch (job.state) {
    case "completed":
      return { text: `${what} is done: ${plural(done, "picture")}.`, title: "✓ Done", mark: "done" };
    case "paused":
      return job.error || job.steps.some((step) => step.state === "failed")
        ? { text: `${what} is paused. ${failureOf(job).headline}`, title: "‖ Paused", mark: "paused" }
        : null;
    case "failed":
      return { text: `${what} ended early. ${failureOf(job).headline}`, title: "! Ended early", mark: "failed" };
    default:
      return null;
  }
}

/** The title while a job is under way. */
export function titleOf(job: Job | null): { title: string; mark: Mark | null } {
  if (job === null) return { title: "", mark: null };
  const count = `${job.index}/${job.total}`;
  return job.state === "paused" ? { title: `‖ ${count}`, mark: "paused" } : { title: `▸ ${count}`, mark: "running" };
}
