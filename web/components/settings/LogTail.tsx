"use client";

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { clockTime, isGrave, LEVEL_WORDS, type LogLevel } from "@/lib/log";
import { usePreference } from "@/lib/preferences";
import type { LogLine } from "@/lib/protocol";
import { useConnected, useStore } from "../RigProvider";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Disclosure } from "../ui/Disclosure";
import { Icon } from "../ui/Icon";
import styles from "./LogTail.module.css";

const LINES = 300;
const PAUSE_MS = 2000;
const NEAR_END = 24;
const LEVELS: [LogLevel, string][] = [
  ["DEBUG", "Everything"],
  ["INFO", "Info and worse"],
  ["WARNING", "Warnings and errors"],
  ["ERROR", "Only errors"],
];

/** The end of the server's log, behind a line that opens it. */
export function LogTail() {
  const [open, setOpen] = useState(false);
  return (
    <Disclosure title="Server log" open={open} onOpen={setOpen}>
      {open && <OpenLog />}
    </Disclosure>
  );
}

function OpenLog() {
  const [level, setLevel] = usePreference<LogLevel>("logLevel", "INFO");
  const [follow, setFollow] = usePreference("logFollow", true);
  const { lines, read } = useLog(level, follow);
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the reason to scroll
  useLayoutEffect(() => {
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);
  return (
    <>
      <div className={styles.tools}>
        <select aria-label="What is shown" value={level} onChange={(event) => setLevel(event.target.value as LogLevel)}>
          {LEVELS.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
        <Choice label="Follow" checked={follow} onChange={setFollow} />
        {!follow && <Button tone="quiet" icon="retry" aria-label="Read again" title="Read again" onClick={read} />}
      </div>
      <div
        ref={list}
        className={styles.lines}
        role="log"
        aria-label="Server log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
        }}
      >
        <ol>
          {lines?.map((line, index) => (
            <Line key={`${line.time} ${index}`} line={line} />
          ))}
        </ol>
        {lines?.length === 0 && <p className={styles.none}>Nothing of that kind was logged.</p>}
      </div>
    </>
  );
}

function Line({ line }: { line: LogLine }) {
  const { time, level, logger, message } = line;
  const grave = isGrave(level);
  return (
    <li data-level={level}>
      <time dateTime={time} title={time}>
        {clockTime(time)}
      </time>
      <span className={styles.level}>
        {(grave || level === "WARNING") && <Icon name={grave ? "close" : "warning"} size={12} />}
        {LEVEL_WORDS[level]}
      </span>
      <span className={styles.message}>
        <span className={styles.logger}>{logger}</span> {message}
      </span>
    </li>
  );
}

/** The log's last lines, read again and again while `follow` and while the page is seen. */
function useLog(level: LogLevel, follow: boolean) {
  const store = useStore();
  const connected = useConnected();
  const [lines, setLines] = useState<LogLine[] | null>(null);
  const read = useCallback(async () => {
    try {
      const tail = await store.service.request("GET_LOG", { limit: LINES, level });
      setLines(tail.lines);
      return true;
    } catch (error) {
      store.complain(error);
      return false;
    }
  }, [store, level]);
  useEffect(() => {
    if (!connected) return;
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      const went = document.visibilityState !== "visible" || (await read());
      if (!ended && follow && went) timer = setTimeout(turn, PAUSE_MS);
    };
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [connected, follow, read]);
  return { lines, read };
}
