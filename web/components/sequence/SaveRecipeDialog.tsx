"use client";

import { type FormEvent, useState } from "react";
import type { Recipe } from "@/lib/protocol";
import { dials, takes } from "@/lib/recipes";
import { RequestFailed } from "@/services/WebSocketService";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import styles from "./RecipeShelf.module.css";

interface Props {
  /** What is kept, without its name. */
  recipe: Omit<Recipe, "name">;
  placeholder: string;
  onClose: () => void;
}

/** Ask for a name and keep a recipe; one of that name is replaced only after a second press. */
export function SaveRecipeDialog({ recipe, placeholder, onClose }: Props) {
  const store = useStore();
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [taken, setTaken] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const named: Recipe = { ...recipe, name: name.trim() };
    try {
      await store.service.request("SAVE_RECIPE", { recipe: named, replace: taken });
      store.notify({ text: `Recipe ${named.name} is kept.` });
      onClose();
    } catch (error) {
      setTaken(error instanceof RequestFailed && error.code === "recipe_exists");
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const kept: Recipe = { ...recipe, name };
  return (
    <Dialog title="Save as recipe" onClose={onClose}>
      <form className={styles.form} onSubmit={save}>
        <dl className={styles.facts}>
          <dt>Takes</dt>
          <dd>{takes(kept)}</dd>
          <dt>Exposure</dt>
          <dd>{dials(recipe.settings ?? {}) || "as it is then"}</dd>
        </dl>
        <Field label="Name" problem={problem}>
          {(control) => (
            <input
              {...control}
              value={name}
              required
              maxLength={80}
              placeholder={placeholder}
              autoComplete="off"
              onChange={(event) => {
                setName(event.target.value);
                setProblem(null);
                setTaken(false);
              }}
            />
          )}
        </Field>
        <div className={styles.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone={taken ? "danger" : "main"} disabled={name.trim() === ""}>
            {taken ? "Replace it" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
