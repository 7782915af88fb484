/** What people do with single captures: take series of them, rate them, note something, throw them away and take that back. */
import type { AnnotateImage, CaptureSeries, ImageFile, SeriesResult } from "../lib/protocol";
import type { RigStore } from "./RigStore";
import { RequestFailed } from "./WebSocketService";

const UNDO_S = 10;

type Note = Pick<AnnotateImage, "rating" | "notes">;

/** Take a series and say how it ended; the pictures themselves arrive as events while it runs. */
export async function takeSeries(store: RigStore, payload: CaptureSeries): Promise<void> {
  try {
    const { message, warnings } = await store.service.request("CAPTURE_SERIES", payload);
    store.notify({ text: [message, ...warnings].join(" "), tone: warnings.length > 0 ? "warning" : "plain" });
  } catch (error) {
    const job = store.getState().jobs.find(({ job_id }) => job_id === jobOf(error));
    if (job?.state === "cancelled") {
      const taken = (error as RequestFailed).data as SeriesResult | null;
      store.notify({ text: `The series was stopped. ${kept(taken?.image_count ?? 0)}` });
    } else if (job?.state !== "failed") store.complain(error);
    // A failed series stays in sight with its reason and the way on.
  }
}

function jobOf(error: unknown): unknown {
  return error instanceof RequestFailed ? error.details?.job_id : undefined;
}

function kept(pictures: number): string {
  if (pictures === 0) return "No picture had been taken.";
  return pictures === 1 ? "The picture taken so far stays." : `The ${pictures} pictures taken so far stay.`;
}

/** Keep a rating from -1 (reject) to 5, or notes, with a capture; 0 and the empty text take them back. */
export async function annotateCapture(store: RigStore, image: ImageFile, note: Note): Promise<void> {
  try {
    const annotated = await store.service.request("ANNOTATE_IMAGE", { image_path: image.path, ...note });
    store.takeCaptures({ change: "updated", files: [annotated] });
  } catch (error) {
    store.complain(error);
  }
}

/** Move captures with all files of their exposures to the trash, and offer to bring them back for a while. */
export async function deleteCaptures(store: RigStore, images: ImageFile[]): Promise<void> {
  const gone: ImageFile[] = [];
  for (const image of images) {
    try {
      const { filenames } = await store.service.request("DELETE_IMAGE", { image_path: image.path });
      gone.push(image);
      const names = new Set(filenames);
      const files = store.getState().captures.filter((file) => file === image || names.has(file.filename));
      store.takeCaptures({ change: "deleted", files: [...files, image] });
    } catch (error) {
      store.complain(error);
    }
  }
  if (gone.length === 0) return;
  store.notify({
    text: gone.length === 1 ? `${gone[0]!.filename} is in the trash.` : `${gone.length} shots are in the trash.`,
    seconds: UNDO_S,
    action: { label: "Undo", run: () => void restoreCaptures(store, gone) },
  });
}

async function restoreCaptures(store: RigStore, images: ImageFile[]): Promise<void> {
  for (const image of images) {
    try {
      await store.service.request("RESTORE_IMAGE", { image_path: image.path });
    } catch (error) {
      store.complain(error);
    }
  }
}
