"use client";

import { useState } from "react";
import { thumbnailUrl } from "@/lib/base";
import type { Direction } from "@/lib/dome";
import { lightLabel, percent } from "@/lib/format";
import { standingFor } from "@/lib/images";
import type { ImageFile } from "@/lib/protocol";
import { useHistogram } from "../capture/LastShot";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import styles from "./TestShots.module.css";

interface Placed {
  name: string;
  direction: Direction | null;
}

/** One shot under the light that burns out first, one under the light that leaves most in shadow. */
export function TestShots({ lights, reason }: { lights: Placed[]; reason: string | null }) {
  const store = useStore();
  const [shots, setShots] = useState<Record<string, ImageFile>>({});
  const [busy, setBusy] = useState<string | null>(null);
  const byHeight = lights.filter((light) => light.direction).sort((a, b) => b.direction![2] - a.direction![2]);
  const brightest = byHeight[0] ?? lights[0];
  const grazing = byHeight.at(-1) ?? lights.at(-1);
  const shoot = async (name: string) => {
    setBusy(name);
    try {
      await store.service.request("SET_LIGHT_STATES", { states: { [name]: true }, others_off: true });
      const files = await store.capture();
      const shot = standingFor(files ?? [], (file) => file.filename);
      if (shot) setShots((before) => ({ ...before, [name]: shot }));
    } catch (error) {
      store.complain(error);
    } finally {
      await store.service
        .request("SET_LIGHT_STATES", { states: {}, others_off: true })
        .catch((error) => store.complain(error));
      setBusy(null);
    }
  };
  const kinds = [
    { kind: "Brightest", light: brightest },
    { kind: "Most grazing", light: grazing === brightest ? undefined : grazing },
  ];
  return (
    <div className={styles.shots}>
      {kinds.map(
        ({ kind, light }) =>
          light && (
            <div key={kind} className={styles.shot}>
              {shots[light.name] ? (
                <Result image={shots[light.name]!} />
              ) : (
                <div className={styles.blank}>
                  <span>{lightLabel(light.name)}</span>
                </div>
              )}
              <Button reason={busy ? "Wait for the other test shot." : reason} onClick={() => shoot(light.name)}>
                {busy === light.name ? "Capturing…" : kind}
              </Button>
            </div>
          ),
      )}
    </div>
  );
}

function Result({ image }: { image: ImageFile }) {
  const histogram = useHistogram(thumbnailUrl(image, 320));
  const burnt = histogram !== null && histogram.bright > 0.002;
  return (
    <figure>
      <img src={thumbnailUrl(image, 320)} alt={image.filename} />
      {histogram && (
        <figcaption data-burnt={burnt || undefined}>
          {burnt ? `${percent(histogram.bright)} burnt out` : "Nothing burnt out"} · {percent(histogram.dark)} black
        </figcaption>
      )}
    </figure>
  );
}
