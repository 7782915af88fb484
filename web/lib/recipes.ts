/** Recipes in words, of the plan on the screen, and as files. */
import { COMMON, findEntry, shown } from "./config";
import { plural } from "./format";
import type { ConfigEntry, LightInfo, Recipe } from "./protocol";

/** What a recipe says of the set, without its name and the camera's settings. */
export type RecipeSet = Omit<Recipe, "name" | "settings" | "camera_model">;
export type Trigger = NonNullable<Recipe["trigger"]>;
type Settings = NonNullable<Recipe["settings"]>;

/** Whether a set can be captured by it; others are presets of a camera. */
export const takesSet = (recipe: Recipe): boolean => Boolean(recipe.light_sequence || recipe.axes);

/** The presets for a model of camera. */
export const presetsFor = (recipes: Recipe[], model: string): Recipe[] =>
  recipes.filter((one) => !takesSet(one) && (!one.camera_model || one.camera_model === model));

/** The exposure as the camera has it now, by the names that every brand understands. */
export function exposureNow(entries: ConfigEntry[]): Settings {
  const found: Settings = {};
  for (const { alias } of COMMON) {
    const entry = findEntry(entries, alias);
    if (entry && !entry.readonly && entry.value !== null && entry.alias === alias) found[alias] = entry.value;
  }
  return found;
}

/** What can release the camera of a set, in words. */
export const TRIGGERS: Record<Trigger, string> = {
  software: "Its connection",
  line: "Its trigger line",
  burst: "Its line, held for a burst",
};

/** What a request says of the release; nothing where it is as ever. */
export const triggerOf = (trigger: Trigger): { trigger?: Trigger } => (trigger === "software" ? {} : { trigger });

/** The plan on the screen as a recipe has it; lamps that can be dimmed are as bright as they are now. */
export function recipeSet(
  order: string[],
  lights: LightInfo[],
  { ambient, pauses, name, trigger }: { ambient: boolean; pauses: boolean; name: string; trigger: Trigger },
): RecipeSet | null {
  const [first, ...others] = order;
  if (first === undefined) return null;
  const dimmed = lights.filter((light) => light.dims && order.includes(light.name));
  return {
    light_sequence: [first, ...others],
    levels: Object.fromEntries(dimmed.map((light) => [light.name, light.on_level])),
    ambient,
    on_failure: pauses ? "pause" : "fail",
    set_name_prefix: name.trim() || null,
    ...triggerOf(trigger),
  };
}

/** Whether the plan on the screen can show all that the recipe says of the set. */
export const fitsPlan = (recipe: Recipe): boolean =>
  Boolean(recipe.light_sequence) &&
  !recipe.focus &&
  !recipe.exposure &&
  !recipe.metering &&
  (recipe.retakes ?? 1) === 1;

/** What it takes, in a few words. */
export function takes(recipe: Recipe): string {
  if (recipe.axes) return recipe.axes.map((axis) => axis.axis).join(" × ");
  if (!recipe.light_sequence) return "settings alone";
  const parts = [plural(recipe.light_sequence.length, "light")];
  if (recipe.ambient) parts.push("ambient");
  if (recipe.focus) parts.push(plural(recipe.focus.count ?? recipe.focus.values?.length ?? 1, "focus place"));
  if (recipe.exposure) parts.push(plural(recipe.exposure.length, "exposure"));
  return parts.join(" + ");
}

/** Its settings as they stand on the dials. */
export function dials(settings: Settings): string {
  const known = COMMON.flatMap(({ alias }) => {
    const value = settings[alias];
    if (value === undefined || alias === "whitebalance" || alias === "imageformat") return [];
    return [alias === "iso" ? `ISO ${value}` : shown(alias, String(value))];
  });
  const more = Object.keys(settings).length - known.length;
  return [...known, ...(more > 0 ? [`${more} more`] : [])].join(" · ");
}

/** Recipes as the content of a file, as `tetherlight recipe export` writes it. */
export const recipeFile = (recipes: Recipe[]): string =>
  `${JSON.stringify({ tetherlight_recipes: 1, recipes: recipes.map(said) }, null, 2)}\n`;

/** The recipes of a file; throws with a sentence where it holds none. */
export function readRecipes(text: string): Recipe[] {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    found = null;
  }
  const file = found as { tetherlight_recipes?: unknown; recipes?: unknown } | null;
  if (file?.tetherlight_recipes !== 1 || !Array.isArray(file.recipes))
    throw new Error("The file holds no recipes that this version can read.");
  return file.recipes as Recipe[];
}

/** What the recipe says, without fields that say nothing. */
function said(recipe: Recipe): Partial<Recipe> {
  const empty = (value: unknown) =>
    value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(recipe).filter(([, value]) => !empty(value)));
}
