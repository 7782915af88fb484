import { ImageGallery } from "@/components/ImageGallery";

export default function Page() {
  return <ImageGallery />;
}
