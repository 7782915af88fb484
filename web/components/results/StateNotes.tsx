import type { SetDetails } from "@/lib/protocol";
import { statusWords } from "@/lib/sets";
import type { Surface } from "@/lib/surface";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { JobBar } from "./JobBar";
import styles from "./StateNotes.module.css";
import type { Reconstruction } from "./useReconstruction";

interface Props {
  details: SetDetails;
  surface: Surface;
  making: Reconstruction;
}

/** Why the surface may not be what one expects, and the way to make it again; nothing where all is well. */
export function StateNotes({ details, surface, making }: Props) {
  const said = notesOf(details, surface);
  const { job, problem, reason, start, cancel } = making;
  if (said.length === 0 && !job && !problem) return null;
  return (
    <section className={styles.notes} aria-label="State of the surface">
      {said.map((text) => (
        <p key={text}>
          <Icon name="warning" size={18} />
          <span>{text}</span>
        </p>
      ))}
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      {job ? (
        <JobBar job={job} onCancel={cancel} />
      ) : (
        <Button icon="retry" reason={reason} onClick={() => start()}>
          Make it again
        </Button>
      )}
    </section>
  );
}

function notesOf(details: SetDetails, { index, record, report }: Surface): string[] {
  const { set, manifest, stale } = details;
  const said = stale.filter(({ folder }) => folder === record.folder).map(({ message }) => message);
  if (index === null) {
    const version = record.software?.version;
    said.push(
      `This surface was made by an older version${version ? ` (${version})` : ""}: it is shown coarser, and without its height.`,
    );
  }
  if (record.kind === "preview") said.push("This is a quick preview: smaller, and less exact.");
  const planned = manifest?.plan?.lights.length ?? 0;
  const partial = statusWords(set);
  if (partial && planned > 0)
    said.push(`The set is ${partial}: ${report.lights.length} of ${planned} lights are in it.`);
  return said;
}
