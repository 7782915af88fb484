"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { readLink } from "@/lib/resultLink";
import { resultOf } from "@/lib/results";
import { useSet } from "./gallery/useSet";
import { useAwaited } from "./RigProvider";
import { MakeSurface } from "./results/MakeSurface";
import { ResultDesk } from "./results/ResultDesk";
import styles from "./results/ResultsScreen.module.css";
import { SetStrip } from "./results/SetStrip";
import { useRecentSets } from "./results/useRecentSets";
import { useSurface } from "./results/useSurface";
import { Button } from "./ui/Button";
import { EmptyState } from "./ui/EmptyState";

/** Surfaces under a light that follows the hand; it begins with the last set that has one. */
export function ResultsScreen() {
  const named = useSearchParams().get("set");
  const awaiting = useAwaited();
  const { sets, first } = useRecentSets();
  const name = named ?? first;
  if (sets?.length === 0 && named === null) {
    return (
      <EmptyState whole icon="results" title="No set yet">
        <p>Take a set of pictures under different lights, and its surface can be looked at here.</p>
        <Link href="/sequence/">Take a set</Link>
      </EmptyState>
    );
  }
  return (
    <div className={styles.screen}>
      <div className={styles.body}>
        {name === null ? (
          <EmptyState whole icon="results" title={awaiting ?? "Opening the last set"} />
        ) : (
          <SetResults name={name} />
        )}
      </div>
      {sets && sets.length > 0 && <SetStrip sets={sets} name={name} />}
    </div>
  );
}

/** What there is of a set: its surface, or the way to one. Light and layer stay when another set is chosen. */
function SetResults({ name }: { name: string }) {
  const params = useSearchParams();
  const { details: read, missing } = useSet(name);
  const [shown, setShown] = useState(() => readLink(params));
  const details = read?.set.name === name ? read : null;
  const { surface, problem, again } = useSurface(details);
  if (details === null) {
    return missing ? (
      <EmptyState whole icon="results" title="This set is not there">
        <p>It may have been renamed or deleted.</p>
        <Link href="/gallery/">Look at the sets</Link>
      </EmptyState>
    ) : (
      <EmptyState whole icon="results" title="Opening the set" />
    );
  }
  if (surface !== null) return <ResultDesk details={details} surface={surface} shown={shown} onShown={setShown} />;
  if (problem !== null) {
    return (
      <EmptyState whole icon="warning" title="The result cannot be shown">
        <p>{problem} Its files may be damaged or gone; the pictures of the set are not touched by that.</p>
        <Button icon="retry" onClick={again}>
          Try again
        </Button>
        <MakeSurface details={details} label="Make the surface again" bare />
      </EmptyState>
    );
  }
  if (resultOf(details.manifest)) return <EmptyState whole icon="results" title="Opening the surface" />;
  return <MakeSurface details={details} label="Make the surface" />;
}
