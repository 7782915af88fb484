/** What went wrong, in the words of people who take pictures; the server's own words stay for those who look closer. */
import { lightLabel } from "./format";
import type { ErrorCode, Job, JobStep } from "./protocol";

/** One sentence for what a frame can fail of; codes that are not here speak for themselves. */
const SENTENCES: Partial<Record<ErrorCode, string>> = {
  camera_lost: "The camera did not answer any more.",
  camera_crashed: "The connection to the camera broke down.",
  camera_timeout: "The camera took too long.",
  camera_claimed: "Another program holds the camera.",
  camera_busy: "The camera is busy with something else.",
  card_full: "The card in the camera is full.",
  capture_refused: "The camera refused to take the picture.",
  lamp_failed: "The lamp could not be switched.",
  store_full: "The disk of the captures is full.",
  disk_full: "The disk of the captures is full.",
};

/** Names as they begin a sentence. */
export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function frameName(step: Pick<JobStep, "light">): string {
  return step.light ? lightLabel(step.light) : "ambient";
}

/** Why a step failed: a plain sentence, or the server's without what stands in brackets. */
export function causeOf({ error, error_code }: Pick<JobStep, "error" | "error_code">): string | null {
  const known = SENTENCES[error_code as ErrorCode];
  if (known) return known;
  return error?.replace(/\s*\(.*\)/, "") ?? null;
}

/** What happened to a job, once: a headline, what to do, and the server's own words where those say more. */
export interface Failure {
  headline: string;
  cause: string | null;
  hint: string | null;
  details: string | null;
}

export function failureOf(job: Job): Failure {
  const failed = job.steps.filter((step) => step.state === "failed");
  const step = failed.at(-1);
  const names = failed.map(frameName);
  const headline =
    names.length === 0
      ? (job.error ?? "A frame failed.")
      : names.length === 1
        ? `${capital(names[0]!)} could not be taken.`
        : `${names.length} frames could not be taken.`;
  const cause = step ? causeOf(step) : null;
  const told = [headline, cause].join(" ");
  const details = job.error ?? step?.error ?? null;
  return { headline, cause, hint: job.hint, details: details !== null && !told.includes(details) ? details : null };
}
