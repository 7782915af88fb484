/** The keys that the application hears, for the page that lists them. */
export interface Shortcut {
  keys: string[];
  does: string;
}

export const SHORTCUTS: { place: string; shortcuts: Shortcut[] }[] = [
  {
    place: "Everywhere",
    shortcuts: [
      { keys: ["?"], does: "Show this list" },
      { keys: ["Enter"], does: "Fullscreen on and off" },
      { keys: ["L"], does: "Go to the lights" },
      { keys: ["Shift+S"], does: "Go to the sequence, and start it there" },
      { keys: ["Ctrl+."], does: "Stop the running job, after asking" },
      { keys: ["Esc"], does: "Close what is open; never stops a job" },
    ],
  },
  {
    place: "Capture",
    shortcuts: [
      { keys: ["Space", "T", "PageDown"], does: "Take a picture" },
      { keys: ["V"], does: "Live view on and off" },
      { keys: ["F"], does: "Focus once, where was tapped last" },
      { keys: ["[", "]"], does: "Focus a step nearer or farther" },
      { keys: ["S", "A", "I", "W"], does: "Pick shutter, aperture, ISO, white balance; then ↑ and ↓" },
      { keys: ["H"], does: "Histogram" },
      { keys: ["C"], does: "Clipping" },
      { keys: ["P"], does: "Focus peaking" },
      { keys: ["M"], does: "Focus score" },
      { keys: ["G"], does: "Grid" },
      { keys: ["O"], does: "Ghost of the last shot" },
      { keys: ["Z"], does: "Loupe: 100 %, 200 %, whole frame" },
      { keys: [",", "."], does: "Previous and next lamp, here and on Lights" },
      { keys: ["Tab", "R"], does: "Last shot large, and live view again" },
      { keys: ["B"], does: "Compare that with the shot before" },
      { keys: ["0", "…", "5"], does: "Rate the last shot, or the one that is reached in the filmstrip" },
      { keys: ["X"], does: "Reject it" },
      { keys: ["Del"], does: "Move it to the trash" },
    ],
  },
  {
    place: "Objects",
    shortcuts: [
      { keys: ["N"], does: "Done, next object" },
      { keys: ["K"], does: "Skip it" },
      { keys: ["B"], does: "Scan a barcode or QR code" },
      { keys: ["/"], does: "Search the list" },
    ],
  },
  {
    place: "Cameras",
    shortcuts: [
      { keys: ["Space", "T", "PageDown"], does: "Take a picture with all of them" },
      { keys: ["1", "…", "9"], does: "Leave a camera out, or take it in again" },
      { keys: ["S"], does: "Choose a setting for all" },
    ],
  },
  {
    place: "Viewer and gallery",
    shortcuts: [
      { keys: ["←", "→"], does: "Previous and next image" },
      { keys: ["Z"], does: "Zoom: fit, 100 %, 200 %" },
      { keys: ["+", "-"], does: "Zoom in and out" },
      { keys: ["↑", "↓", "Shift+←", "Shift+→"], does: "Move the zoomed image" },
      { keys: ["C"], does: "Clipping" },
      { keys: ["I"], does: "Histogram, notes and facts" },
      { keys: ["0", "…", "5"], does: "Rate the image, or all chosen ones" },
      { keys: ["X"], does: "Reject" },
      { keys: ["R"], does: "In a set: take the frame again" },
      { keys: ["Ctrl+A"], does: "Choose all sets, or all images that are shown" },
      { keys: ["F2"], does: "Rename the set" },
      { keys: ["Shift+←", "Shift+→"], does: "In the gallery: choose images up to the next one" },
      { keys: ["Del"], does: "Move the single shot, or what is chosen, to the trash" },
    ],
  },
  {
    place: "Results",
    shortcuts: [
      { keys: ["1", "…", "7"], does: "Relit, normals, albedo, shaded, height, residual, photograph" },
      { keys: ["←", "→", "↑", "↓"], does: "Move the light by 5°" },
      { keys: ["Shift"], does: "With the arrows or while the light is led: from lamp to lamp" },
      { keys: ["+", "-", "Z"], does: "Zoom in, out, 100 % or whole" },
      { keys: ["W"], does: "Compare two layers" },
      { keys: ["R", "P"], does: "Measure a length, a profile; then arrows and Space set its ends" },
      { keys: ["Esc"], does: "Lead the light again" },
    ],
  },
];
