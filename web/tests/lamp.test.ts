import { describe, expect, it } from "vitest";
import { curveProblem, curveText, editedLamp, lampOf, limitsBrief, NEW_LAMP, parseCurve } from "@/lib/lamp";
import type { LightInfo } from "@/lib/protocol";

const LIGHT = { max_level: 0.5, max_on_s: 30, min_off_s: null, duty: 0.25, duty_s: null, watts: null, gamma: null };
const MEASURED = { ...LIGHT, curve: [[0.5, 0.218]] } as unknown as LightInfo;
const NO_LIMITS = { max_level: 0, max_on_s: 0, min_off_s: 0, duty: 0, duty_s: 0, watts: 0 };

describe("a lamp that is edited", () => {
  it("keeps its law where nobody changed it, and says of limits that were taken away that there are none", () => {
    const before = lampOf(MEASURED);
    expect(limitsBrief(before)).toBe("at most 50 % · on 30 s · duty 25 %");
    const after = { ...before, max_on_s: null };
    expect(editedLamp(after, before)).toEqual({ ...NO_LIMITS, max_level: 0.5, duty: 0.25 });
  });

  it("has one law", () => {
    const before = lampOf(MEASURED);
    const told = (change: object) => {
      const { gamma, curve } = editedLamp({ ...before, ...change }, before);
      return { gamma, curve };
    };
    expect(told({ law: "linear" })).toEqual({ gamma: null, curve: [] });
    expect(told({ law: "gamma", gamma: 2.2 })).toEqual({ gamma: 2.2, curve: null });
    expect(told({ curve: "50 30" })).toEqual({ gamma: null, curve: [[0.5, 0.3]] });
    expect(editedLamp(NEW_LAMP, null)).toEqual(NO_LIMITS);
  });
});

describe("a curve", () => {
  it("is read as it is shown", () => {
    expect(curveText([[0.25, 0.047]])).toBe("25 4.7");
    expect(parseCurve("25 4.7\n\n50: 21.8\n")).toEqual([
      [0.25, 0.047],
      [0.5, 0.218],
    ]);
  });

  it("is told what is wrong with it", () => {
    const problem = (curve: string) => curveProblem({ ...NEW_LAMP, law: "curve", curve });
    expect(problem("")).toContain("at least one line");
    expect(problem("50")).toContain("Line 1");
    expect(problem("50 20\n40 30")).toContain("Line 2");
    expect(problem("50 120")).toContain("per cent");
    expect(problem("x y")).toContain("Line 1");
    expect(curveProblem({ ...NEW_LAMP, curve: "nonsense" })).toBeNull();
  });
});
