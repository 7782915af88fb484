import { Suspense } from "react";
import { SetScreen } from "@/components/gallery/SetScreen";

export default function Page() {
  return (
    <Suspense>
      <SetScreen />
    </Suspense>
  );
}
