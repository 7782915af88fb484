import Link from "next/link";
import { EmptyState } from "@/components/ui/EmptyState";

export default function NotFound() {
  return (
    <EmptyState whole icon="search" title="There is nothing here">
      <Link href="/">To the camera</Link>
    </EmptyState>
  );
}
