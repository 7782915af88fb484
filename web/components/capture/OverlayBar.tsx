import type { Zoom } from "@/lib/fit";
import type { Overlays } from "../Liveview";
import { Icon, type IconName } from "../ui/Icon";
import styles from "./OverlayBar.module.css";
import type { Showing } from "./useReview";

export const MASKS: { label: string; aspect: number | null }[] = [
  { label: "Whole frame", aspect: null },
  { label: "1 : 1", aspect: 1 },
  { label: "4 : 5", aspect: 4 / 5 },
  { label: "3 : 2", aspect: 3 / 2 },
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
  /** Whether a fresh shot fills the stage. */
  showing: Showing;
  onShowing: (showing: Showing) => void;
}

/** What lies over the live view, each with its key. */
export function OverlayBar({ overlays, onOverlays, zoom, onZoom, ghost, onGhost, ...rest }: Props) {
  const { ghostPossible, showing, onShowing } = rest;
  const flip = (name: "histogram" | "clipping" | "peaking" | "focus" | "grid") => () =>
    onOverlays({ ...overlays, [name]: !overlays[name] });
  return (
    <div className={styles.bar} role="toolbar" aria-label="Over the live view">
      <Toggle icon="histogram" name="Histogram" hint="H" on={overlays.histogram} onClick={flip("histogram")} />
      <Toggle icon="clipping" name="Clipping" hint="C" on={overlays.clipping} onClick={flip("clipping")} />
      <Toggle icon="peaking" name="Peaking" hint="P" on={overlays.peaking} onClick={flip("peaking")} />
      <Toggle icon="sharpness" name="Focus score" hint="M" on={overlays.focus} onClick={flip("focus")} />
      <Toggle icon="grid" name="Grid" hint="G" on={overlays.grid} onClick={flip("grid")} />
      <MaskChoice aspect={overlays.mask} onChoose={(mask) => onOverlays({ ...overlays, mask })} />
      {ghostPossible && <Toggle icon="ghost" name="Ghost" hint="O" on={ghost} onClick={onGhost} />}
      <Toggle
        icon="loupe"
        name={zoom === "fit" ? "Loupe" : `${zoom}00 %`}
        hint="Z"
        on={zoom !== "fit"}
        onClick={onZoom}
      />
      <ReviewChoice showing={showing} onShowing={onShowing} />
    </div>
  );
}

const SHOWINGS: [Showing, string][] = [
  ["off", "Off"],
  ["2s", "2 s"],
  ["key", "Until a key"],
];

/** Whether the shot just taken is shown large. */
function ReviewChoice({ showing, onShowing }: { showing: Showing; onShowing: (showing: Showing) => void }) {
  return (
    <div className={`${styles.toggle} ${styles.choice}`} data-on={showing !== "off" || undefined}>
      <Icon name="review" />
      <span aria-hidden="true">Shot</span>
      <select
        aria-label="Show the shot"
        title="Show the shot large when it is taken (Tab or R flips)"
        value={showing}
        onChange={(event) => onShowing(event.target.value as Showing)}
      >
        {SHOWINGS.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}

interface MaskProps {
  aspect: number | null;
  onChoose: (aspect: number | null) => void;
}

/** The shape that the picture will be cut to; all else is darkened. */
function MaskChoice({ aspect, onChoose }: MaskProps) {
  const chosen = MASKS.find((mask) => mask.aspect === aspect) ?? MASKS[0]!;
  return (
    <div className={`${styles.toggle} ${styles.choice}`} data-on={aspect !== null || undefined}>
      <Icon name="mask" />
      <span aria-hidden="true">{aspect === null ? "Mask" : chosen.label}</span>
      <select
        aria-label="Aspect mask"
        title="Aspect mask"
        value={chosen.label}
        onChange={(event) => onChoose(MASKS.find(({ label }) => label === event.target.value)?.aspect ?? null)}
      >
        {MASKS.map(({ label }) => (
          <option key={label}>{label}</option>
        ))}
      </select>
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
