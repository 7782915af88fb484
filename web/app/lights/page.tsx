import { LightsScreen } from "@/components/lights/LightsScreen";

export default function Page() {
  return <LightsScreen />;
}
