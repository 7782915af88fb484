import type { Metadata, Viewport } from "next";
import { RigProvider } from "@/components/RigProvider";
import { Shell } from "@/components/shell/Shell";
import "@/styles/tokens.css";

export const metadata: Metadata = {
  title: "Tetherlight",
  description: "Live view, settings, captures, lights and photometric sets of a camera rig.",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  themeColor: "#0a0a0a",
  colorScheme: "dark",
};

export default function Layout({ children }: { children: React.ReactNode }) {
  return (
    // The ground is dark before any stylesheet has come: no white flash in a dark room.
    <html lang="en" style={{ background: "#0a0a0a" }}>
      <body>
        <RigProvider>
          <Shell>{children}</Shell>
        </RigProvider>
      </body>
    </html>
  );
}
