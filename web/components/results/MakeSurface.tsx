"use client";

import Link from "next/link";
import { plural } from "@/lib/format";
import type { SetDetails } from "@/lib/protocol";
import { statusWords } from "@/lib/sets";
import { coverUrl } from "../gallery/SetCard";
import { Button } from "../ui/Button";
import { JobBar } from "./JobBar";
import styles from "./MakeSurface.module.css";
import { useReconstruction } from "./useReconstruction";

interface Props {
  details: SetDetails;
  label: string;
  /** Only the button, with what comes of it. */
  bare?: boolean;
}

/** A set whose surface was not computed: one button does it. */
export function MakeSurface({ details, label, bare = false }: Props) {
  const { set, manifest } = details;
  const making = useReconstruction(details);
  const { job, problem, reason, start, cancel } = making;
  const button = job ? (
    <JobBar job={job} onCancel={cancel} />
  ) : (
    <>
      <Button tone="main" icon="results" reason={reason} onClick={() => start()}>
        {label}
      </Button>
      {reason && <p className={styles.reason}>{reason}</p>}
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </>
  );
  if (bare) return button;
  const lights = manifest?.steps.filter(({ light, state }) => light !== null && state === "done").length ?? null;
  const planned = manifest?.plan?.lights.length ?? null;
  const partial = statusWords(set);
  return (
    <div className={styles.screen}>
      {set.cover && <img className={styles.cover} src={coverUrl(set)!} alt="" />}
      <div className={styles.words}>
        <h1>{set.catalogue_number || set.name}</h1>
        <p>
          {lights === null
            ? "Its surface has not been made yet."
            : `${plural(lights, "light")}${planned && planned > lights ? ` of ${planned}` : ""}. Its surface has not been made yet.`}
          {partial && ` The set is ${partial}.`}
        </p>
        {button}
        <Link href={`/set/?name=${encodeURIComponent(set.name)}`}>Look at its pictures</Link>
      </div>
    </div>
  );
}
