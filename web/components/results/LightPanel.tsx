import { useId } from "react";
import type { Lamp } from "@/lib/light";
import { nearestLamp } from "@/lib/light";
import { BOUNDS, FIRST, type Look, PLAIN_LOOK, type Shown } from "@/lib/resultLink";
import { Button } from "../ui/Button";
import styles from "./Panels.module.css";

interface Props {
  shown: Shown;
  lamps: readonly Lamp[];
  onShown: (change: Partial<Shown>) => void;
}

const SLIDERS: { name: keyof Look; label: string; words: (value: number) => string }[] = [
  { name: "ambient", label: "Ambient light", words: (value) => `${Math.round(value * 100)} %` },
  { name: "specular", label: "Gloss", words: (value) => `${Math.round(value * 100)} %` },
  { name: "exaggeration", label: "Relief", words: (value) => `${value.toFixed(1)} ×` },
];

/** How the light shines, and how steep the relief is drawn. */
export function LightPanel({ shown, lamps, onShown }: Props) {
  const plain = SLIDERS.every(({ name }) => shown.look[name] === PLAIN_LOOK[name]) && shown.light === FIRST.light;
  return (
    <section className={styles.panel} aria-labelledby="light-panel">
      <div className={styles.head}>
        <h2 id="light-panel">Light</h2>
        <Button
          tone="quiet"
          disabled={lamps.length === 0}
          title="Put the light where the nearest lamp was (Shift while it is led)"
          onClick={() => {
            const lamp = nearestLamp(shown.light, lamps);
            if (lamp) onShown({ light: lamp.direction });
          }}
        >
          To the lamp
        </Button>
        <Button tone="quiet" disabled={plain} onClick={() => onShown({ light: FIRST.light, look: PLAIN_LOOK })}>
          Reset
        </Button>
      </div>
      {SLIDERS.map(({ name, label, words }) => (
        <Slider
          key={name}
          label={label}
          bounds={BOUNDS[name]}
          value={shown.look[name]}
          words={words(shown.look[name])}
          onValue={(value) => onShown({ look: { ...shown.look, [name]: value } })}
        />
      ))}
    </section>
  );
}

interface SliderProps {
  label: string;
  bounds: [number, number];
  value: number;
  words: string;
  onValue: (value: number) => void;
}

function Slider({ label, bounds: [least, most], value, words, onValue }: SliderProps) {
  const id = useId();
  return (
    <div className={styles.slider}>
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id}>{words}</output>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={(most - least) / 100}
        value={value}
        aria-valuetext={words}
        onChange={(event) => onValue(Number(event.target.value))}
      />
    </div>
  );
}
