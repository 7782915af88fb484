import type { IconName } from "../ui/Icon";

export interface Screen {
  path: string;
  name: string;
  icon: IconName;
}

export const SCREENS: Screen[] = [
  { path: "/", name: "Capture", icon: "capture" },
  { path: "/lights/", name: "Lights", icon: "lights" },
  { path: "/sequence/", name: "Sequence", icon: "sequence" },
  { path: "/objects/", name: "Objects", icon: "list" },
  { path: "/gallery/", name: "Gallery", icon: "gallery" },
  { path: "/results/", name: "Results", icon: "results" },
  { path: "/settings/", name: "Settings", icon: "settings" },
];

/** The way to all cameras, where there are several. */
export const CAMERAS: Screen = { path: "/cameras/", name: "Cameras", icon: "cameras" };
