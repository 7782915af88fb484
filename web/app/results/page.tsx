import { ResultsScreen } from "@/components/ResultsScreen";

export default function Page() {
  return <ResultsScreen />;
}
