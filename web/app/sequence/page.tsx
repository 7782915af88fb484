import { PhotometricStereoControl } from "@/components/PhotometricStereoControl";

export default function Page() {
  return <PhotometricStereoControl />;
}
