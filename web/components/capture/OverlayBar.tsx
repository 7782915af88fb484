import type { Zoom } from "@/lib/fit";
import type { Overlays } from "../Liveview";
import { Icon, type IconName } from "../ui/Icon";
import styles from "./OverlayBar.module.css";

export const MASKS: { label: string; aspect: number | null }[] = [
  { label: "Whole frame", aspect: null },
  { label: "1 : 1", aspect: 1 },
  { label: "4 : 5", aspect: 4 / 5 },
  { label: "16 : 9", aspect: 16 / 9 },
];

interface Props {
  overlays: Overlays;
  onOverlays: (overlays: Overlays) => void;
  zoom: Zoom;
  onZoom: () => void;
  ghost: boolean;
  onGhost: () => void;
  ghostPossible: boolean;
}

/** What lies over the live view, each with its key. */
export function OverlayBar({ overlays, onOverlays, zoom, onZoom, ghost, onGhost, ghostPossible }: Props) {
  const flip = (name: "histogram" | "clipping" | "peaking" | "focus" | "grid") => () =>
    onOverlays({ ...overlays, [name]: !overlays[name] });
  const nextMask = () => {
    const at = MASKS.findIndex(({ aspect }) => aspect === overlays.mask);
    onOverlays({ ...overlays, mask: MASKS[(at + 1) % MASKS.length]!.aspect });
  };
  const mask = MASKS.find(({ aspect }) => aspect === overlays.mask) ?? MASKS[0]!;
  return (
    <div className={styles.bar} role="toolbar" aria-label="Over the live view">
      <Toggle icon="histogram" name="Histogram" hint="H" on={overlays.histogram} onClick={flip("histogram")} />
      <Toggle icon="clipping" name="Clipping" hint="C" on={overlays.clipping} onClick={flip("clipping")} />
      <Toggle icon="peaking" name="Peaking" hint="P" on={overlays.peaking} onClick={flip("peaking")} />
      <Toggle icon="focus" name="Focus" hint="M" on={overlays.focus} onClick={flip("focus")} />
      <Toggle icon="grid" name="Grid" hint="G" on={overlays.grid} onClick={flip("grid")} />
      <Toggle
        icon="mask"
        name={overlays.mask === null ? "Mask" : mask.label}
        on={overlays.mask !== null}
        onClick={nextMask}
      />
      {ghostPossible && <Toggle icon="ghost" name="Ghost" hint="O" on={ghost} onClick={onGhost} />}
      <Toggle
        icon="loupe"
        name={zoom === "fit" ? "Loupe" : `${zoom}00 %`}
        hint="Z"
        on={zoom !== "fit"}
        onClick={onZoom}
      />
    </div>
  );
}

interface ToggleProps {
  icon: IconName;
  name: string;
  hint?: string;
  on: boolean;
  onClick: () => void;
}

function Toggle({ icon, name, hint, on, onClick }: ToggleProps) {
  return (
    <button
      type="button"
      className={styles.toggle}
      aria-pressed={on}
      onClick={onClick}
      title={hint ? `${name} (${hint})` : name}
    >
      <Icon name={icon} />
      <span>{name}</span>
    </button>
  );
}
