import type { CSSProperties } from "react";
import type { Placement } from "@/lib/fit";
import { Icon } from "../ui/Icon";
import styles from "./FocusFrame.module.css";
import type { FocusMark } from "./useFocus";

interface Props {
  mark: FocusMark;
  placement: Placement;
  frame: { width: number; height: number };
  pixelRatio: number;
}

const WORDS: Record<FocusMark["state"], string> = { pending: "Focusing", done: "Focused", failed: "No focus" };
/** Where the camera chooses, the frame spans so much of the picture. */
const WIDE = 0.5;

/** Where the camera focuses, and how that goes: the frame holds still, then carries a tick or a cross. */
export function FocusFrame({ mark, placement, frame, pixelRatio }: Props) {
  const { point, state, id } = mark;
  const css = (pixels: number) => `${pixels / pixelRatio}px`;
  const width = frame.width * placement.scale;
  const height = frame.height * placement.scale;
  const { x, y } = point ?? { x: 0.5, y: 0.5 };
  const style: CSSProperties = { left: css(placement.left + x * width), top: css(placement.top + y * height) };
  if (point === null) Object.assign(style, { width: css(width * WIDE), height: css(height * WIDE) });
  return (
    <span key={id} className={styles.frame} style={style} data-state={state} data-testid="focus-frame">
      {state === "done" && <Icon name="check" size={16} />}
      {state === "failed" && <Icon name="close" size={16} />}
    </span>
  );
}

/** The same in words, with the camera's own where it failed. */
export function FocusWords({ mark }: { mark: FocusMark | null }) {
  return (
    <p className={mark?.state === "failed" ? styles.words : "visually-hidden"} role="status" data-testid="focus-words">
      {mark && (mark.message ?? WORDS[mark.state])}
    </p>
  );
}
