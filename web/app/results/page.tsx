import { Suspense } from "react";
import { ResultsScreen } from "@/components/ResultsScreen";

export default function Page() {
  return (
    <Suspense>
      <ResultsScreen />
    </Suspense>
  );
}
