import { CamerasScreen } from "@/components/cameras/CamerasScreen";

export default function Page() {
  return <CamerasScreen />;
}
