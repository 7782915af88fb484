/** Lines of the server's log as text. */
import type { LogLine } from "./protocol";

export type LogLevel = LogLine["level"];

export const LEVEL_WORDS: Record<LogLevel, string> = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warning",
  ERROR: "error",
  CRITICAL: "critical",
};

export function isGrave(level: LogLevel): boolean {
  return level === "ERROR" || level === "CRITICAL";
}

/** One line as it stands in a report. */
export function logText({ time, level, logger, message }: LogLine): string {
  return `${time} ${level} ${logger}: ${message}`;
}

/** Hours, minutes and seconds where the browser is. */
export function clockTime(time: string): string {
  const when = new Date(time);
  if (Number.isNaN(when.getTime())) return time;
  return [when.getHours(), when.getMinutes(), when.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
