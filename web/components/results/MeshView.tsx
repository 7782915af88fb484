"use client";

import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useRef, useState } from "react";
import { type Mesh, meshIn } from "@/lib/glb";
import { MeshPainter, type Pose } from "@/lib/relight/meshPainter";
import { NoGraphics } from "@/lib/relight/painter";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./MeshView.module.css";

interface Props {
  /** Where the mesh lies. */
  url: string;
  /** From the object to the light. */
  light: readonly [number, number, number];
  onClose: () => void;
}

const FRONT: Pose = { turn: 0, tilt: 0, zoom: 1 };
const ASLANT: Pose = { turn: -25, tilt: -35, zoom: 1 };
const STEP_DEG = 5;
const DEG_PER_PX = 0.4;
const MOST_TILT = 90;
const ZOOM = { least: 0.5, most: 20 };
const TOWARDS: Record<string, [number, number]> = {
  ArrowLeft: [-STEP_DEG, 0],
  ArrowRight: [STEP_DEG, 0],
  ArrowUp: [0, -STEP_DEG],
  ArrowDown: [0, STEP_DEG],
};
const NO_GRAPHICS =
  "This browser cannot draw meshes. Save mesh.glb or mesh.ply from Files, and open it in another program.";

/** The surface as a mesh, to be turned by hand; its file is loaded here and nowhere else. */
export function MeshView({ url, light, onClose }: Props) {
  const { mesh, picture, problem, fail } = useMesh(url);
  const [pose, setPose] = useState(ASLANT);
  const turn = useCallback(
    (right: number, down: number) =>
      setPose((before) => ({
        ...before,
        turn: (before.turn + right) % 360,
        tilt: Math.max(-MOST_TILT, Math.min(MOST_TILT, before.tilt + down)),
      })),
    [],
  );
  const zoom = useCallback(
    (factor: number) =>
      setPose((before) => ({ ...before, zoom: Math.max(ZOOM.least, Math.min(ZOOM.most, before.zoom * factor)) })),
    [],
  );
  const press = (event: KeyboardEvent) => {
    const towards = TOWARDS[event.key];
    if (towards) turn(...towards);
    else if (event.key === "+") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog
      title="Mesh"
      onClose={onClose}
      wide="most"
      actions={
        <>
          <p className={styles.words}>{mesh && `${(mesh.triangles.length / 3).toLocaleString("en")} triangles`}</p>
          <Button onClick={() => setPose(FRONT)}>From the camera</Button>
          <Button onClick={() => setPose(ASLANT)}>Aslant</Button>
        </>
      }
    >
      {problem ? (
        <p role="alert">{problem}</p>
      ) : (
        <div
          className={styles.stage}
          role="application"
          aria-label="The surface as a mesh. Arrows turn it, plus and minus zoom."
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows turn what has the focus
          tabIndex={0}
          data-pose={`${Math.round(pose.turn)} ${Math.round(pose.tilt)}`}
          onKeyDown={press}
        >
          {mesh && picture ? (
            <Stage mesh={mesh} picture={picture} pose={pose} light={light} onTurn={turn} onZoom={zoom} onFail={fail} />
          ) : (
            <p className={styles.coming}>The mesh is on its way</p>
          )}
        </div>
      )}
    </Dialog>
  );
}

interface StageProps {
  mesh: Mesh;
  picture: ImageBitmap;
  pose: Pose;
  light: readonly [number, number, number];
  onTurn: (right: number, down: number) => void;
  onZoom: (factor: number) => void;
  onFail: (error: unknown) => void;
}

function Stage({ mesh, picture, pose, light, onTurn, onZoom, onFail }: StageProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [painter, setPainter] = useState<MeshPainter | null>(null);
  const fail = useRef(onFail);
  fail.current = onFail;
  useEffect(() => {
    let made: MeshPainter | null = null;
    try {
      made = new MeshPainter(canvas.current!, mesh, picture);
      setPainter(made);
    } catch (error) {
      fail.current(error);
    }
    return () => made?.dispose();
  }, [mesh, picture]);
  useEffect(() => {
    const shown = canvas.current!;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      onZoom(Math.exp(-event.deltaY * 0.0025));
    };
    shown.addEventListener("wheel", wheel, { passive: false });
    return () => shown.removeEventListener("wheel", wheel);
  }, [onZoom]);
  useEffect(() => {
    if (painter === null) return;
    const frame = requestAnimationFrame(() => {
      const shown = canvas.current!;
      const ratio = window.devicePixelRatio || 1;
      shown.width = Math.max(1, Math.round(shown.clientWidth * ratio));
      shown.height = Math.max(1, Math.round(shown.clientHeight * ratio));
      painter.draw(pose, light);
      shown.dataset.drawn = String(Number(shown.dataset.drawn ?? 0) + 1);
    });
    return () => cancelAnimationFrame(frame);
  }, [painter, pose, light]);
  const move = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    onTurn(event.movementX * DEG_PER_PX, event.movementY * DEG_PER_PX);
  };
  return (
    <canvas
      ref={canvas}
      className={styles.canvas}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={move}
    />
  );
}

/** Load a mesh with its picture. */
function useMesh(url: string) {
  const [loaded, setLoaded] = useState<{ mesh: Mesh; picture: ImageBitmap } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const fail = useCallback((error: unknown) => {
    if (error instanceof NoGraphics) setProblem(NO_GRAPHICS);
    else setProblem(error instanceof Error ? error.message : String(error));
  }, []);
  useEffect(() => {
    const over = new AbortController();
    const load = async () => {
      const answer = await fetch(url, { signal: over.signal });
      if (!answer.ok) throw new Error(`The mesh could not be loaded (${answer.status}).`);
      const mesh = meshIn(await answer.arrayBuffer());
      const picture = await createImageBitmap(mesh.picture);
      if (!over.signal.aborted) setLoaded({ mesh, picture });
    };
    load().catch((error) => over.signal.aborted || fail(error));
    return () => over.abort();
  }, [url, fail]);
  return { mesh: loaded?.mesh ?? null, picture: loaded?.picture ?? null, problem, fail };
}
