"use client";

import { type FormEvent, useState } from "react";
import { type Change, differences, type Preset, presetOf } from "@/lib/config";
import { plural } from "@/lib/format";
import { usePreference } from "@/lib/preferences";
import type { CameraStatus, ConfigEntry, Recipe } from "@/lib/protocol";
import { presetsFor } from "@/lib/recipes";
import { RequestFailed } from "@/services/WebSocketService";
import { useOffline, useRig, useStore } from "../RigProvider";
import { deleteRecipe } from "../sequence/deleteRecipe";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Differences } from "./Differences";
import styles from "./PresetsDialog.module.css";

interface Props {
  camera: CameraStatus;
  entries: ConfigEntry[];
  reason: string | null;
  onClose: () => void;
}

/** Settings that the server keeps for a camera model; what applying one changes is shown first. */
export function PresetsDialog({ camera, entries, reason, onClose }: Props) {
  const { writes, service } = useStore();
  const store = useStore();
  const recipes = useRig((rig) => rig.recipes);
  const offline = useOffline();
  const keeps = useOffline("delete");
  const [open, setOpen] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [taken, setTaken] = useState(false);
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (name.trim() === "" || offline !== null) return;
    const recipe: Recipe = { name: name.trim(), camera_model: camera.model, settings: presetOf(entries) };
    try {
      await service.request("SAVE_RECIPE", { recipe, replace: taken });
      setName("");
      setTaken(false);
      setProblem(null);
    } catch (error) {
      setTaken(error instanceof RequestFailed && error.code === "recipe_exists");
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const apply = (changes: Change[]) => {
    for (const { entry, wanted } of changes) writes.want(camera.camera_id, entry.path, wanted);
  };
  return (
    <Dialog title="Presets" onClose={onClose}>
      <p>A preset keeps all settings of the {camera.model} as they are now, at the server, for every device.</p>
      <form className={styles.save} onSubmit={save}>
        <input
          aria-label="Name of the new preset"
          aria-describedby={problem ? "preset-problem" : undefined}
          placeholder="Coins, f/8"
          required
          maxLength={80}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setTaken(false);
            setProblem(null);
          }}
        />
        <Button type="submit" tone={taken ? "danger" : "main"} reason={offline}>
          {taken ? "Replace it" : "Keep these settings"}
        </Button>
        {problem && (
          <p id="preset-problem" role="status" className={styles.problem}>
            {problem}
          </p>
        )}
      </form>
      <ul className={styles.list}>
        {presetsFor(recipes ?? [], camera.model).map((recipe) => {
          const changes = differences(entries, recipe.settings ?? {});
          return (
            <li key={recipe.name}>
              <button
                type="button"
                className={styles.name}
                aria-expanded={open === recipe.name}
                onClick={() => setOpen(open === recipe.name ? null : recipe.name)}
              >
                <span>{recipe.name}</span>
                <span>{changes.length === 0 ? "as it is now" : plural(changes.length, "difference")}</span>
              </button>
              {open === recipe.name && (
                <div className={styles.detail}>
                  <Differences changes={changes} wanted="Preset" />
                  <div className={styles.buttons}>
                    <Button tone="quiet" icon="trash" reason={keeps} onClick={() => void deleteRecipe(store, recipe)}>
                      Delete
                    </Button>
                    <Button tone="main" reason={reason} disabled={changes.length === 0} onClick={() => apply(changes)}>
                      Apply
                    </Button>
                  </div>
                </div>
              )}
            </li>
          );
        })}
      </ul>
      <OfThisBrowser model={camera.model} reason={recipes === null ? "The server keeps no presets." : offline} />
    </Dialog>
  );
}

/** Presets that an earlier version kept in this browser: they move to the server by one press, and none is lost. */
function OfThisBrowser({ model, reason }: { model: string; reason: string | null }) {
  const store = useStore();
  const [presets, setPresets] = usePreference<Record<string, Preset>>(`presets.${model}`, {});
  const names = Object.keys(presets);
  if (names.length === 0) return null;
  const move = async () => {
    const left = { ...presets };
    for (const name of names) {
      try {
        await store.service.request("SAVE_RECIPE", { recipe: { name, camera_model: model, settings: presets[name]! } });
        delete left[name];
      } catch (error) {
        store.complain(error);
      }
    }
    setPresets(left);
  };
  return (
    <section className={styles.browser} aria-label="Presets of this browser">
      <p>
        {plural(names.length, "preset")} in this browser alone: {names.join(", ")}.
      </p>
      <Button reason={reason} onClick={() => void move()}>
        Move to the server
      </Button>
    </section>
  );
}
