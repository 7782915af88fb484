"use client";

import { differences } from "@/lib/config";
import { lightLabel } from "@/lib/format";
import type { ConfigEntry, Recipe } from "@/lib/protocol";
import { fitsPlan, recipeFile, TRIGGERS, takes } from "@/lib/recipes";
import { Differences } from "../capture/Differences";
import { useOffline, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { deleteRecipe } from "./deleteRecipe";
import styles from "./RecipeShelf.module.css";

interface Props {
  recipe: Recipe;
  entries: ConfigEntry[];
  cameraId: string | null;
  reason: string | null;
  onStart: () => void;
  onUse: () => void;
  onClose: () => void;
}

/** What a recipe says and would change at the camera; start it, look at its plan, or pass it on. */
export function RecipeDialog({ recipe, entries, cameraId, reason, onStart, onUse, onClose }: Props) {
  const store = useStore();
  const keeps = useOffline("delete");
  const { light_sequence: lights, levels = {}, settings = {} } = recipe;
  const level = (name: string) => (levels[name] === undefined ? "" : ` ${Math.round(levels[name] * 100)} %`);
  const use = async () => {
    try {
      if (Object.keys(settings).length > 0)
        await store.service.request("APPLY_RECIPE", { recipe: recipe.name, camera_id: cameraId });
      const states = Object.fromEntries(Object.keys(levels).map((name) => [name, false]));
      if (Object.keys(states).length > 0) await store.service.request("SET_LIGHT_STATES", { states, levels });
      onUse();
    } catch (error) {
      store.complain(error);
    }
  };
  const remove = () => {
    onClose();
    void deleteRecipe(store, recipe);
  };
  return (
    <Dialog
      title={recipe.name}
      onClose={onClose}
      actions={
        <Button tone="main" icon="play" reason={reason} onClick={onStart}>
          Start
        </Button>
      }
    >
      <dl className={styles.facts}>
        <dt>Takes</dt>
        <dd>{takes(recipe)}</dd>
        {lights && (
          <>
            <dt>Lights</dt>
            <dd>{lights.map((name) => lightLabel(name) + level(name)).join(", ")}</dd>
          </>
        )}
        {recipe.set_name_prefix && (
          <>
            <dt>Name</dt>
            <dd>{recipe.set_name_prefix}</dd>
          </>
        )}
        {recipe.trigger && (
          <>
            <dt>Released by</dt>
            <dd>{TRIGGERS[recipe.trigger].toLowerCase()}</dd>
          </>
        )}
        <dt>A failure</dt>
        <dd>{recipe.on_failure === "pause" ? "pauses the set" : "ends the set"}</dd>
      </dl>
      {entries.length > 0 && <Differences changes={differences(entries, settings)} wanted="Recipe" />}
      <div className={styles.buttons}>
        <Button tone="quiet" icon="trash" reason={keeps} onClick={remove}>
          Delete
        </Button>
        <Button icon="download" onClick={() => download(recipe)}>
          Export
        </Button>
        {fitsPlan(recipe) && (
          <Button reason={reason} onClick={use}>
            Use in the plan
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function download(recipe: Recipe): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([recipeFile([recipe])], { type: "application/json" }));
  link.download = `${recipe.name.replace(/[^\p{L}\p{Nd}]+/gu, "-").replace(/^-|-$/g, "") || "recipe"}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
