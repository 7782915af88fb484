"use client";

import dynamic from "next/dynamic";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { anglesOf } from "@/lib/dome";
import type { Point } from "@/lib/fit";
import { dateAndTime } from "@/lib/format";
import { nearestLamp, nudged } from "@/lib/light";
import type { Line } from "@/lib/measure";
import type { LightCalibration, SetDetails } from "@/lib/protocol";
import { type Shown, writeLink } from "@/lib/resultLink";
import { LAYERS, lampsOf } from "@/lib/results";
import type { Surface } from "@/lib/surface";
import { WHOLE } from "@/lib/zoom";
import { useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { type Keys, useKeys } from "../useKeys";
import { Beside, type BesideChoice } from "./Beside";
import { Downloads } from "./Downloads";
import { LayerBar } from "./LayerBar";
import { LightPanel } from "./LightPanel";
import { MeasurePanel } from "./MeasurePanel";
import type { MeasureKind } from "./Measures";
import { Readout } from "./Readout";
import styles from "./ResultDesk.module.css";
import { ResultStage, type StageHandle, type Tool } from "./ResultStage";
import { ShareDialog } from "./ShareDialog";
import { SpherePanel } from "./SpherePanel";
import { StateNotes } from "./StateNotes";
import { TrustPanel } from "./TrustPanel";
import { useReconstruction } from "./useReconstruction";
import { setFileUrl, useLayerPicture, useSource } from "./useSurface";

const Measured = dynamic(() => import("./Measured").then((part) => part.Measured), { ssr: false });
const MeshView = dynamic(() => import("./MeshView").then((part) => part.MeshView), { ssr: false });

interface Props {
  details: SetDetails;
  surface: Surface;
  shown: Shown;
  onShown: (change: (before: Shown) => Shown) => void;
}

const STEP_DEG = 5;
const URL_MS = 250;
const TOWARDS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A surface on the stage, with what can be done with it beside. */
export function ResultDesk({ details, surface, shown, onShown }: Props) {
  const store = useStore();
  const { set, manifest } = details;
  const stage = useRef<StageHandle>(null);
  const [tool, setTool] = useState<Tool>("light");
  const [lines, setLines] = useState<Partial<Record<MeasureKind, Line>>>({});
  const [hover, setHover] = useState<Point | null>(null);
  const [other, setOther] = useState<Surface | null>(null);
  const [open, setOpen] = useState<"downloads" | "mesh" | "share" | null>(null);
  const [, setSharper] = useState(0);
  const [spheres, setSpheres] = useState<LightCalibration | null>(null);
  const making = useReconstruction(details);
  const lamps = useMemo(() => lampsOf(surface.report), [surface]);
  const near = nearestLamp(shown.light, lamps);
  const source = useSource(details, shown.layer === "source" || shown.other === "source" ? near : null);
  const complain = (error: unknown) => store.complain(error);
  useLayerPicture(surface, shown.layer, complain);
  const compared = shown.otherSet ? other : surface;
  useLayerPicture(compared, shown.other, complain);
  // A profile needs the heights, whatever is looked at.
  useLayerPicture(surface, tool === "profile" || lines.profile ? "height" : null, complain);
  const change = useCallback((to: Partial<Shown>) => onShown((before) => ({ ...before, ...to })), [onShown]);
  const scale = manifest?.scale_mm_per_pixel ?? null;
  const mesh = meshUrl(surface);
  useAddress(set.name, shown);
  // biome-ignore lint/correctness/useExhaustiveDependencies: lines belong to the surface that they were drawn on
  useEffect(() => {
    setLines({});
    setHover(null);
    setSpheres(null);
  }, [surface.setName]);
  const snapshot = async () => {
    const blob = await stage.current?.snapshot();
    if (!blob) return store.notify({ text: "The picture could not be made.", tone: "warning" });
    const { azimuth, elevation } = anglesOf(shown.light);
    save(blob, `${set.name}_${shown.layer}_${azimuth}_${elevation}.png`);
  };
  const measures = tool !== "light" && tool !== "move";
  const choose = (next: Tool) => setTool(next === tool ? "light" : next);
  useKeys({
    ...Object.fromEntries(LAYERS.map((layer, index) => [String(index + 1), () => change({ layer })])),
    ...(Object.fromEntries(
      Object.entries(TOWARDS).map(([key, [right, down]]) => [
        key,
        (event: KeyboardEvent) => {
          if (measures)
            stage.current?.step((right * (event.shiftKey ? 1 : 8)) / 800, (down * (event.shiftKey ? 1 : 8)) / 800);
          else
            onShown((before) => ({
              ...before,
              light: event.shiftKey
                ? (nearestLamp(nudged(before.light, right * 15, down * 15), lamps)?.direction ?? before.light)
                : nudged(before.light, right * STEP_DEG, down * STEP_DEG),
            }));
        },
      ]),
    ) as Keys),
    ...(measures && { Space: () => stage.current?.set(), Escape: () => setTool("light") }),
    "+": () => stage.current?.zoom(1.6),
    "-": () => stage.current?.zoom(1 / 1.6),
    z: () => change({ view: shown.view.scale === "fit" ? { ...WHOLE, scale: 1 } : WHOLE }),
    r: () => choose("ruler"),
    p: () => choose("profile"),
    w: () =>
      change(shown.other ? { other: null, otherSet: null } : { other: shown.layer === "albedo" ? "relit" : "albedo" }),
  });
  // The light changes with every movement of a hand; these do not.
  const { job, problem, reason } = making;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is done with it is the same while these are
  const notes = useMemo(
    () => <StateNotes details={details} surface={surface} making={making} />,
    [details, surface, job, problem, reason],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const trust = useMemo(
    () => (
      <TrustPanel surface={surface} making={making}>
        <SpherePanel key={set.name} details={details} found={spheres} onFound={setSpheres} />
      </TrustPanel>
    ),
    [details, surface, spheres, job, problem, reason],
  );
  const beside: BesideChoice = { layer: shown.other, setName: shown.otherSet };
  return (
    <div className={styles.desk} data-desk>
      <header className={styles.head}>
        <div className={styles.title}>
          <h1>{set.catalogue_number || set.name}</h1>
          <p>{subtitle(details, surface)}</p>
        </div>
        <div className={styles.buttons}>
          <Button icon="capture" onClick={() => void snapshot()}>
            Snapshot
          </Button>
          <Button icon="link" onClick={() => setOpen("share")}>
            Link
          </Button>
          {mesh && (
            <Button icon="mesh" onClick={() => setOpen("mesh")}>
              Mesh
            </Button>
          )}
          <Button icon="download" onClick={() => setOpen("downloads")}>
            Files
          </Button>
        </div>
      </header>
      <div className={styles.stage}>
        <ResultStage
          ref={stage}
          surface={surface}
          beside={shown.other && compared ? { surface: compared, layer: shown.other } : null}
          shown={shown}
          lamps={lamps}
          near={near}
          source={source}
          tool={tool}
          lines={lines}
          circles={spheres?.spheres}
          scale={scale}
          onLight={(light) => change({ light })}
          onView={(view) => change({ view })}
          onLine={(kind, line) => setLines((before) => ({ ...before, [kind]: line }))}
          onHover={setHover}
          onSharper={() => setSharper((count) => count + 1)}
        />
      </div>
      <div className={styles.foot}>
        <LayerBar layer={shown.layer} surface={surface} onLayer={(layer) => change({ layer })} />
        <Readout surface={surface} point={hover} shown={shown} near={near} scale={scale} />
      </div>
      <aside className={styles.side} aria-label="Light, measures and trust">
        {notes}
        {(shown.layer === "measured" || shown.other === "measured") && <Measured details={details} />}
        <LightPanel shown={shown} lamps={lamps} onShown={change} />
        <Beside
          choice={beside}
          setName={set.name}
          onChoice={({ layer, setName }) => change({ other: layer, otherSet: setName })}
          onSurface={setOther}
        />
        <MeasurePanel
          details={details}
          surface={surface}
          tool={tool}
          lines={lines}
          scale={scale}
          onTool={choose}
          onClear={(kind) => setLines(({ [kind]: _, ...rest }) => rest)}
        />
        {trust}
      </aside>
      {open === "downloads" && <Downloads details={details} surface={surface} onClose={() => setOpen(null)} />}
      {open === "mesh" && mesh && <MeshView url={mesh} light={shown.light} onClose={() => setOpen(null)} />}
      {open === "share" && <ShareDialog onClose={() => setOpen(null)} />}
    </div>
  );
}

/** Where the mesh of a surface lies; null where it has none. */
function meshUrl({ setName, record }: Surface): string | null {
  const name = `${record.folder}/mesh.glb`;
  const has = record.files.some(({ filename }) => filename === name);
  return has ? setFileUrl(setName, name, `?v=${encodeURIComponent(record.made_at ?? "")}`) : null;
}

function subtitle({ set, manifest }: SetDetails, { report, record }: Surface): string {
  const { width, height } = report;
  return [
    set.catalogue_number ? set.name : null,
    set.created_at && dateAndTime(set.created_at),
    `${report.lights.filter(({ used }) => used).length} lights`,
    `${width * report.shrink} × ${height * report.shrink}`,
    record.kind === "preview" ? "preview" : null,
    manifest?.scale_mm_per_pixel ? `${manifest.scale_mm_per_pixel} mm per pixel` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Keep the address of the page such that it leads back to what is shown. */
function useAddress(setName: string, shown: Shown): void {
  const link = writeLink(setName, shown);
  useEffect(() => {
    const { pathname } = window.location;
    const timer = setTimeout(() => {
      // The address changes before this screen goes: the next one's stays as it is.
      if (window.location.pathname !== pathname || window.location.search === `?${link}`) return;
      window.history.replaceState(null, "", `?${link}`);
    }, URL_MS);
    return () => clearTimeout(timer);
  }, [link]);
}

function save(blob: Blob, filename: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
