import { expect, it } from "vitest";
import { bracketValues, brightness, estimate } from "@/lib/series";

const SHUTTER = ["bulb", "1", "0.8", "0.6", "0.5", "0.4", "0.3", "1/4", "1/5", "1/6", "1/8", "1/15", "1/30", "1/60"];

it("counts stops of time, aperture and sensitivity", () => {
  expect(brightness("shutterspeed", "1/4")).toBe(-2);
  expect(brightness("aperture", "4")).toBe(-4);
  expect(brightness("aperture", "f/8")).toBe(-6);
  expect(brightness("iso", "400")).toBeCloseTo(Math.log2(400));
  expect(brightness("iso", "Auto")).toBeNull();
  expect(brightness("shutterspeed", "bulb")).toBeNull();
});

it("finds the times around the one that is set, the shortest first", () => {
  expect(bracketValues("shutterspeed", SHUTTER, "1/8", 3, 1)).toEqual({ values: ["1/15", "1/8", "1/4"], missing: 0 });
  expect(bracketValues("shutterspeed", SHUTTER, "1/4", 3, 1 / 3)).toEqual({
    values: ["1/5", "1/4", "0.3"],
    missing: 0,
  });
});

it("begins an aperture bracket with the smallest opening", () => {
  expect(bracketValues("aperture", ["2.8", "4", "5.6", "8", "11"], "5.6", 3, 1)?.values).toEqual(["8", "5.6", "4"]);
});

it("leaves out what the camera does not have", () => {
  expect(bracketValues("shutterspeed", SHUTTER, "1", 5, 1)).toEqual({ values: ["1/4", "0.5", "1"], missing: 2 });
  expect(bracketValues("iso", ["Auto", "100", "200", "400"], "200", 3, 1 / 3)).toEqual({
    values: ["200"],
    missing: 2,
  });
  expect(bracketValues("iso", ["Auto", "100"], "Auto", 3, 1)).toBeNull();
});

it("estimates bursts, intervals and brackets", () => {
  expect(estimate(3, 0, [1], 1)).toEqual({ pictures: 3, seconds: 6, late: false });
  expect(estimate(3, 10, [1], 1)).toEqual({ pictures: 3, seconds: 22, late: false });
  expect(estimate(2, 3, [1, 2, 4], 1)).toEqual({ pictures: 6, seconds: 20, late: true });
});
