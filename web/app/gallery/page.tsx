import { Suspense } from "react";
import { ImageGallery } from "@/components/ImageGallery";

export default function Page() {
  return (
    <Suspense>
      <ImageGallery />
    </Suspense>
  );
}
