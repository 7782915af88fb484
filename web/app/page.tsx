import { CaptureScreen } from "@/components/capture/CaptureScreen";

export default function Page() {
  return <CaptureScreen />;
}
