"use client";

import dynamic from "next/dynamic";
import { type ChangeEvent, useRef, useState } from "react";
import type { ConfigEntry, Recipe } from "@/lib/protocol";
import { dials, exposureNow, type RecipeSet, readRecipes, takes, takesSet } from "@/lib/recipes";
import { useOffline, useRig, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import styles from "./RecipeShelf.module.css";

const RecipeDialog = dynamic(() => import("./RecipeDialog").then((part) => part.RecipeDialog), { ssr: false });
const SaveRecipeDialog = dynamic(() => import("./SaveRecipeDialog").then((part) => part.SaveRecipeDialog), {
  ssr: false,
});

interface Props {
  entries: ConfigEntry[];
  cameraId: string | null;
  /** Why no set can be started now. */
  reason: string | null;
  /** What the plan on the screen is as a recipe; null without lights. */
  plan: RecipeSet | null;
  onStart: (recipe: Recipe) => void;
  /** Show what it says in the plan. */
  onUse: (recipe: Recipe) => void;
}

/** The recipes of the server, each started by one press; the plan on the screen becomes another one. */
export function RecipeShelf({ entries, cameraId, reason, plan, onStart, onUse }: Props) {
  const store = useStore();
  const all = useRig((rig) => rig.recipes);
  const faults = useRig((rig) => rig.recipeFaults);
  const offline = useOffline();
  const [open, setOpen] = useState<{ kind: "save" } | { kind: "recipe"; name: string } | null>(null);
  const file = useRef<HTMLInputElement>(null);
  if (all === null) return <p className={styles.none}>Recipes are not known yet.</p>;
  const recipes = all.filter(takesSet);
  const chosen = open?.kind === "recipe" ? recipes.find((one) => one.name === open.name) : undefined;
  const take = async (event: ChangeEvent<HTMLInputElement>) => {
    const given = event.currentTarget.files?.[0];
    event.currentTarget.value = "";
    if (!given) return;
    try {
      const kept: string[] = [];
      for (const recipe of readRecipes(await given.text())) {
        // One whose name is taken keeps none of the others out.
        const asked = store.service.request("SAVE_RECIPE", { recipe });
        await asked.then(() => kept.push(recipe.name)).catch((error) => store.complain(error));
      }
      if (kept.length > 0) store.notify({ text: `Imported: ${kept.join(", ")}.` });
    } catch (error) {
      store.complain(error);
    }
  };
  return (
    <>
      {recipes.length === 0 && (
        <p className={styles.none}>
          Keep the plan and the exposure under a name, and start the next object by one press.
        </p>
      )}
      {recipes.length > 0 && (
        <ul className={styles.list} aria-label="Recipes">
          {recipes.map((recipe) => (
            <li key={recipe.name}>
              <button
                type="button"
                className={styles.name}
                aria-haspopup="dialog"
                onClick={() => setOpen({ kind: "recipe", name: recipe.name })}
              >
                <strong>{recipe.name}</strong>
                <span>{[takes(recipe), dials(recipe.settings ?? {})].filter(Boolean).join(" · ")}</span>
              </button>
              <Button
                icon="play"
                reason={reason}
                aria-label={`Start ${recipe.name}`}
                title={`Set the camera and start ${recipe.name}`}
                onClick={() => onStart(recipe)}
              />
            </li>
          ))}
        </ul>
      )}
      {faults.map(({ file, message }) => (
        <p key={file} className={styles.problem}>
          {file}: {message}
        </p>
      ))}
      <div className={styles.more}>
        <Button
          icon="plus"
          reason={offline ?? (plan === null ? "Choose at least one light." : null)}
          onClick={() => setOpen({ kind: "save" })}
        >
          Save as recipe
        </Button>
        <Button tone="quiet" reason={offline} onClick={() => file.current?.click()}>
          Import
        </Button>
        <input
          ref={file}
          type="file"
          accept=".json,application/json"
          aria-label="File of recipes"
          hidden
          onChange={take}
        />
      </div>
      {open?.kind === "save" && plan && (
        <SaveRecipeDialog
          recipe={{ ...plan, settings: exposureNow(entries) }}
          placeholder="Coins, f/8"
          onClose={() => setOpen(null)}
        />
      )}
      {chosen && (
        <RecipeDialog
          recipe={chosen}
          entries={entries}
          cameraId={cameraId}
          reason={reason}
          onStart={() => {
            setOpen(null);
            onStart(chosen);
          }}
          onUse={() => {
            setOpen(null);
            onUse(chosen);
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}
