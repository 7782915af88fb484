import type { Recipe } from "@/lib/protocol";
import type { RigStore } from "@/services/RigStore";

/** Delete a recipe or a preset; for a while it can be kept again. */
export async function deleteRecipe(store: RigStore, recipe: Recipe): Promise<void> {
  try {
    const gone = await store.service.request("DELETE_RECIPE", { recipe: recipe.name });
    const again = () => store.service.request("SAVE_RECIPE", { recipe: gone }).catch((error) => store.complain(error));
    store.notify({ text: `${gone.name} is deleted.`, seconds: 10, action: { label: "Undo", run: () => void again() } });
  } catch (error) {
    store.complain(error);
  }
}
