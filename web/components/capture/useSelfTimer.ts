"use client";

import { useEffect, useState } from "react";
import { usePreference } from "@/lib/preferences";

export interface SelfTimer {
  /** Seconds that are set; 0 is off. */
  seconds: number;
  setSeconds: (seconds: number) => void;
  /** Seconds until the shot; null while nothing runs. */
  left: number | null;
  /** Start the countdown, or shoot at once where it is off; a second press ends the countdown. */
  press: () => void;
  cancel: () => void;
}

export function useSelfTimer(shoot: () => void): SelfTimer {
  const [seconds, setSeconds] = usePreference("selfTimer", 0);
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    if (left === null) return;
    const timer = setTimeout(() => {
      if (left > 1) setLeft(left - 1);
      else {
        setLeft(null);
        shoot();
      }
    }, 1000);
    return () => clearTimeout(timer);
  }, [left, shoot]);
  const press = () => {
    if (left !== null) setLeft(null);
    else if (seconds === 0) shoot();
    else setLeft(seconds);
  };
  return { seconds, setSeconds, left, press, cancel: () => setLeft(null) };
}
