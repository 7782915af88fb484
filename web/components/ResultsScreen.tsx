import Link from "next/link";
import { EmptyState } from "./ui/EmptyState";

/** The place of normals, relief and relighting, which come in a later version. */
export function ResultsScreen() {
  return (
    <EmptyState whole icon="results" title="Results come later">
      <p>
        Surface normals, relief and light that follows the hand will live here. The sets that you capture now hold
        everything that is needed for it: each frame with its light's direction, the camera's settings and checksums.
      </p>
      <Link href="/gallery/">Look at the sets</Link>
    </EmptyState>
  );
}
