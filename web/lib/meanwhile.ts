/** What became of the rig while nobody here could hear of it. */
import { plural } from "./format";
import type { ImageFile, Job, ServerInfo } from "./protocol";
import { shotsOf } from "./sets";

/** What a page knows of the rig at a moment. */
export interface Known {
  server: ServerInfo | null;
  captures: ImageFile[];
  jobs: Job[];
}

const ENDINGS: Partial<Record<Job["state"], string>> = {
  completed: "was completed",
  failed: "ended early",
  cancelled: "was stopped",
  interrupted: "was interrupted",
  paused: "is paused",
};

/** Compare the rig before and after a lost connection; return a sentence, or null where nothing happened. */
export function meanwhile(before: Known, after: Known): string | null {
  if (before.server === null) return null; // the page had not learned yet how the rig stood
  const happened = [restart(before, after), pictures(before, after), ...endings(before, after)].filter(Boolean);
  return happened.length > 0 ? `While the connection was gone: ${happened.join(", ")}.` : null;
}

function restart(before: Known, after: Known): string | null {
  return before.server?.started_at === after.server?.started_at ? null : "the server was started again";
}

/** Lists are cut at their old end, so only what is newer than the newest known one is new. */
function pictures(before: Known, after: Known): string | null {
  const known = new Set(before.captures.map(({ path }) => path));
  const at = after.captures.findIndex(({ path }) => known.has(path));
  const fresh = shotsOf(at < 0 ? after.captures : after.captures.slice(0, at)).length;
  if (fresh === 0) return null;
  return `${plural(fresh, "picture")} ${fresh === 1 ? "was" : "were"} taken`;
}

function endings(before: Known, after: Known): string[] {
  const states = new Map(before.jobs.map((job) => [job.job_id, job.state]));
  const changed = after.jobs.filter((job) => ENDINGS[job.state] && states.get(job.job_id) !== job.state);
  return changed.map((job) => `${job.set_name ? `“${job.set_name}”` : "a series"} ${ENDINGS[job.state]}`);
}
