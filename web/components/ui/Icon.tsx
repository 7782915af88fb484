/** Line drawings on a grid of 24, one stroke wide. */
const PATHS = {
  capture:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM14.3 8 21 9.6M16.6 12l-3.5 8.9M14.3 16 6 19M9.7 16 3 14.4M7.4 12l3.5-8.9M9.7 8 18 5",
  lights: "M3 18a9 9 0 0 1 18 0M3 18h18M12 5.5v-3M5.6 8.6 3.5 6.5M18.4 8.6l2.1-2.1M12 14.5v.01M8 15.5v.01M16 15.5v.01",
  sequence: "M4 5h10v10H4zM8 19h10a1 1 0 0 0 1-1V9M12 22h9a1 1 0 0 0 1-1v-8",
  gallery: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  results:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 3c3 2.4 4.5 5.4 4.5 9s-1.5 6.600-4.500 9M3.400 9.500h17.200M3.400 14.500h17.200",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.800v4.400M9 14.800v4.400",
  camera:
    "M4 7.500h3.500L9 5h6l1.500 2.500H20a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8.500a1 1 0 0 1 1-1ZM12 9.500a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400Z",
  cameras: "M3 5h8v6H3zM13 5h8v6h-8zM3 13h8v6H3zM13 13h8v6h-8zM7 8h.01M17 8h.01M7 16h.01M17 16h.01",
  disk: "M4 5h16v14H4zM4 14h16M16.500 16.500h.01",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  up: "M5 15l7-7 7 7",
  down: "M5 9l7 7 7-7",
  minus: "M6 12h12",
  plus: "M6 12h12M12 6v12",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  warning: "M12 4 2.800 20h18.400L12 4ZM12 10v4.500M12 17.300v.01",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5.500M12 7.800v.01",
  histogram: "M3 20h18M5 20v-4M8.500 20v-9M12 20V6M15.500 20v-7M19 20v-3",
  clipping: "M4 20 20 4M4 14 14 4M10 20 20 10M4 4h16v16H4z",
  peaking: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8.500 15.500 12 8l3.500 7.500z",
  focus: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5Z",
  sharpness: "M4 17a8 8 0 0 1 16 0M12 17l4-5M6.300 11.300l1 1M12 9v1.400M4 20h16",
  review: "M3 5h18v14H3zM3 15l5-5 4 4 3-3 6 6M15.500 8.500h.010",
  grid: "M4 4h16v16H4zM9.300 4v16M14.700 4v16M4 9.300h16M4 14.700h16",
  mask: "M3 5h18v14H3zM7 5v14M17 5v14",
  ghost: "M6 20V10a6 6 0 0 1 12 0v10l-2-1.600-2 1.600-2-1.600-2 1.600-2-1.600zM10 10.500v.01M14 10.500v.01",
  loupe: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13ZM15.500 15.500 21 21",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  timer: "M12 6a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15ZM12 10v4l2.500 1.500M9.500 3h5",
  series: "M3 10h11v10H3zM6.500 6.500h11v10M10 3h11v10",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  search: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13ZM15.500 15.500 20 20",
  trash: "M5 7h14M9.500 7V4.500h5V7M7 7l.800 13h8.400L17 7M10.300 11v5.500M13.700 11v5.500",
  edit: "M4 20l1-4.500L16.500 4 20 7.500 8.500 19zM14 6.500 17.500 10",
  download: "M12 4v11M7 11l5 5 5-5M4.500 20h15",
  play: "M7 4.500v15L19.500 12z",
  pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z",
  retry: "M19.500 12A7.500 7.500 0 1 1 17 6.400M17.500 2.500v4.300h-4.300",
  skip: "M6 5v14l9-7zM18 5v14",
  blink:
    "M12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.100 2.100M16.300 16.300l2.100 2.100M5.600 18.400l2.100-2.100M16.300 7.700l2.100-2.100",
  walk: "M4 16h.01M8 9h.01M12 6h.01M16 9h.01M20 16h.01M6 20h12l-2.500-2.500M18 20l-2.500 2.500",
  off: "M12 3v9M6.500 6.500a8 8 0 1 0 11 0",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  star: "M12 3.500l2.600 5.600 6.100.700-4.500 4.200 1.200 6L12 17l-5.400 3 1.200-6-4.500-4.200 6.100-.700z",
  compare: "M12 3v18M4 6h5v12H4zM15 6h5v12h-5z",
  menu: "M5 12h.01M12 12h.01M19 12h.01",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7 14h10",
  battery: "M3 8h15v8H3zM21 11v2",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  preset: "M6 4h12v16l-6-4-6 4z",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700l-1.300 1.300M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700l1.300-1.300",
  move: "M12 3v18M3 12h18M9.500 5.500 12 3l2.500 2.500M9.500 18.500 12 21l2.500-2.500M5.500 9.500 3 12l2.500 2.500M18.500 9.500 21 12l-2.500 2.500",
  ruler: "M3.500 15.500 15.500 3.500l5 5-12 12zM7 12l2 2M10 9l2.500 2.500M13 6l2 2",
  profile: "M3 19h18M3 15c3 0 3-8 6-8s3 6 5.500 6S18 9 21 9",
  mesh: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9",
  scale: "M4 17V9M20 17V9M4 13h16M7 10.500 4 13l3 2.500M17 10.500 20 13l-3 2.500",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  const bold = name === "menu" || name === "walk";
  return (
    <svg
      width={`${size / 16}rem`}
      height={`${size / 16}rem`}
      viewBox="0 0 24 24"
      fill={name === "play" || name === "stop" ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={bold ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
