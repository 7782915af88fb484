"use client";

import { useCallback, useEffect, useState } from "react";
import { plural } from "@/lib/format";
import type { FacetValue, SetFacets } from "@/lib/protocol";
import { type Facets, type ListQuery, wantedOf } from "@/lib/sets";
import { useConnected, useStore } from "../RigProvider";
import styles from "./ShelfTools.module.css";

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", year: "numeric" });

interface Props {
  query: ListQuery;
  /** Changes with the number of sets: then what they have in common has changed, too. */
  total: number | null;
  onFacets: (facets: Facets) => void;
}

/** Narrows the sets down by day, object and camera, each with how many there are. */
export function FacetChoices({ query, total, onFacets }: Props) {
  const { facets, reload } = useFacets(query, total);
  if (facets === null) return null;
  const choose = (name: keyof Facets) => (value: string | null) => onFacets({ ...query.facets, [name]: value });
  const shared = { onLook: reload };
  return (
    <>
      <Choice
        label="Day"
        any="Any day"
        values={facets.days}
        words={dayWords}
        chosen={query.facets.day}
        onChoose={choose("day")}
        {...shared}
      />
      <Choice
        label="Object"
        any="Any object"
        values={facets.objects}
        chosen={query.facets.object}
        onChoose={choose("object")}
        {...shared}
      />
      <Choice
        label="Camera"
        any="Any camera"
        values={facets.cameras}
        chosen={query.facets.camera}
        onChoose={choose("camera")}
        {...shared}
      />
    </>
  );
}

interface ChoiceProps {
  label: string;
  any: string;
  values: FacetValue[];
  words?: (value: string) => string;
  chosen: string | null;
  onChoose: (value: string | null) => void;
  /** Somebody looks at what there is. */
  onLook: () => void;
}

function Choice({ label, any, values, words = (value) => value, chosen, onChoose, onLook }: ChoiceProps) {
  // One camera and nothing else is nothing to choose from.
  if (values.length < 2 && chosen === null) return null;
  const known = values.some(({ value }) => value === chosen) || chosen === null;
  return (
    <select
      className={styles.facet}
      aria-label={label}
      value={chosen ?? ""}
      data-chosen={chosen !== null || undefined}
      onFocus={onLook}
      onChange={(event) => onChoose(event.target.value || null)}
    >
      <option value="">{any}</option>
      {!known && <option value={chosen!}>{words(chosen!)}</option>}
      {values.map(({ value, count }) => (
        <option key={value} value={value}>
          {words(value)} · {plural(count, "set")}
        </option>
      ))}
    </select>
  );
}

function dayWords(day: string): string {
  const when = new Date(`${day}T12:00:00`);
  return Number.isNaN(when.getTime()) ? day : DAY.format(when);
}

/** What was told last: who comes back finds it at once. */
let last: SetFacets | null = null;

/** What the sets have in common that match all but the facets; asked for where somebody looks, not with every frame. */
function useFacets({ search, order, filter }: ListQuery, total: number | null) {
  const store = useStore();
  const connected = useConnected();
  const [facets, setFacets] = useState<SetFacets | null>(last);
  const reload = useCallback(() => {
    if (!connected) return;
    const { order: _, ...wanted } = wantedOf({
      search,
      order: "newest",
      filter,
      facets: { day: null, object: null, camera: null },
    });
    store.service.request("LIST_SET_FACETS", wanted).then(
      (told) => {
        last = told;
        setFacets(told);
      },
      () => undefined,
    );
  }, [store, connected, search, filter]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with another number of sets there are other values
  useEffect(() => {
    const timer = setTimeout(reload, 200);
    return () => clearTimeout(timer);
  }, [reload, total, order]);
  return { facets, reload };
}
