import { expect, test } from "vitest";
import { byHand, figuresOf, movedSince } from "@/lib/calibration";
import type { LightInfo, Manifest, RigCalibration } from "@/lib/protocol";

const AT = "2026-11-30T15:00:00Z";
const CALIBRATION = { at: AT, set_name: "balls" } as RigCalibration;
const light = (name: string, more: Partial<LightInfo> = {}) =>
  ({ name, direction: [0, 0, 1], calibrated_at: AT, intensity: null, ...more }) as LightInfo;

function manifest(more: object): Manifest {
  return { started_at: AT, results: [], ...more } as unknown as Manifest;
}

test("the figures of a lamp are those of the calibration that the rig has, and of no lamp that was moved by hand", () => {
  const told = [
    { light: "left", error_deg: 0.4, off_deg: 1.5 },
    { light: "right", error_deg: 0.6, off_deg: null },
  ];
  const results = [{ kind: "calibration", made_at: "2026-11-30T16:00:00+01:00", lights: told }];
  const lamps = [light("left", { intensity: 1.1 }), light("right", { calibrated_at: null }), light("new")];
  expect(figuresOf(lamps, manifest({ results }), AT)).toEqual([
    { name: "left", measured: true, error: 0.4, moved: 1.5, intensity: 1.1 },
    { name: "right", measured: false, error: null, moved: null, intensity: null },
    { name: "new", measured: true, error: null, moved: null, intensity: null },
  ]);
  // The set was calibrated again since, but not for the rig.
  expect(figuresOf(lamps, manifest({ results }), "2026-11-30T14:00:00Z")[0]!.error).toBeNull();
  expect(figuresOf(lamps, null, null)[0]!.error).toBeNull();
});

test("lamps that were placed by hand are told only where others were measured", () => {
  const lights = [light("left"), light("right", { calibrated_at: null })];
  expect(byHand({ lights, calibration: CALIBRATION }).map(({ name }) => name)).toEqual(["right"]);
  expect(byHand({ lights, calibration: null })).toEqual([]);
});

test("a rig has moved where a set that was taken after its calibration shows it", () => {
  const results = [{ findings: [{ code: "clipped" }, { code: "rig_moved", message: "It has moved." }] }];
  expect(movedSince(manifest({ started_at: "2026-12-01T00:00:00Z", results }), CALIBRATION)).toBe("It has moved.");
  expect(movedSince(manifest({ started_at: "2026-11-29T00:00:00Z", results }), CALIBRATION)).toBeNull();
  expect(movedSince(manifest({ started_at: "2026-12-01T00:00:00Z" }), CALIBRATION)).toBeNull();
  expect(movedSince(null, CALIBRATION)).toBeNull();
});
