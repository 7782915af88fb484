import { ObjectsScreen } from "@/components/objects/ObjectsScreen";

export default function Page() {
  return <ObjectsScreen />;
}
