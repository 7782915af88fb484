import { describe, expect, it } from "vitest";
import { anglesOf, type Direction, fromAngles } from "@/lib/dome";
import { degreesBetween, type Lamp, lightUnderHand, nearestLamp, nudged } from "@/lib/light";
import { lengthOf, lengthWords, profileAlong, profileCsv, profileOf, rounded, scaleBar, scaleOf } from "@/lib/measure";
import type { Manifest, ResultRecord } from "@/lib/protocol";
import { FIRST, readLink, writeLink } from "@/lib/resultLink";
import { hasViews, lampsOf, type Report, resultOf } from "@/lib/results";
import { ALTITUDE, lit, mapped, steeper, toLinear, toSrgb } from "@/lib/shading";

const STAGE = { width: 800, height: 600 };
const LAMPS: Lamp[] = [0, 90, 180, 270].map((azimuth) => ({
  name: `light_${azimuth}`,
  direction: fromAngles(azimuth, 30),
  filename: `${azimuth}.jpg`,
}));

describe("a light that is led by hand", () => {
  it("stands over the middle for a hand there, and on the side where the hand is", () => {
    expect(lightUnderHand(STAGE, 400, 300)).toEqual([0, 0, 1]);
    expect(anglesOf(lightUnderHand(STAGE, 400 + 150, 300))).toEqual({ azimuth: 0, elevation: 45 });
    expect(anglesOf(lightUnderHand(STAGE, 400, 300 - 150))).toEqual({ azimuth: 90, elevation: 45 });
  });

  it("stays above the horizon for a hand beyond the stage", () => {
    const { azimuth, elevation } = anglesOf(lightUnderHand(STAGE, -5000, 300));
    expect(azimuth).toBe(180);
    expect(elevation).toBe(3);
  });

  it("moves by degrees over the map", () => {
    const from: Direction = [0, 0, 1];
    expect(degreesBetween(from, nudged(from, 5, 0))).toBeCloseTo(5, 3);
    expect(anglesOf(nudged(from, 0, -5))).toEqual({ azimuth: 90, elevation: 85 });
  });

  it("finds the lamp that stands nearest", () => {
    expect(nearestLamp(fromAngles(80, 50), LAMPS)?.name).toBe("light_90");
    expect(nearestLamp([0, 0, 1], [])).toBeNull();
  });
});

describe("lengths on a picture", () => {
  const line = { from: { x: 10, y: 20 }, to: { x: 40, y: 60 } };

  it("are in pixels, and in millimetres with a scale", () => {
    expect(lengthOf(line)).toBe(50);
    expect(lengthWords(50, null)).toBe("50.0 px");
    expect(lengthWords(50, 0.08)).toBe("4.00 mm");
    expect(lengthWords(50, 0.001)).toBe("50.0 µm");
    expect(lengthWords(50, 100)).toBe("5.00 m");
    expect(rounded(123.456)).toBe("123");
  });

  it("tell the scale where one of them is known", () => {
    expect(scaleOf(line, 20)).toBe(0.4);
    expect(scaleOf(line, 0)).toBeNull();
    expect(scaleOf(line, Number.NaN)).toBeNull();
    expect(scaleOf({ from: line.from, to: line.from }, 20)).toBeNull();
  });

  it("give a bar of a round length that fits", () => {
    expect(scaleBar(0.5, null, 180)).toEqual({ length: 100, label: "200 px" });
    expect(scaleBar(0.5, 0.1, 180)).toEqual({ length: 100, label: "2 cm" });
    expect(scaleBar(2, 0.001, 180)?.label).toBe("50 µm");
    expect(scaleBar(0, null, 180)).toBeNull();
  });
});

describe("a height profile", () => {
  const slope = (limit: number) => (point: { x: number }) => (point.x > limit ? null : point.x * 2);

  it("follows the heights along a line and skips what is no surface", () => {
    const samples = profileAlong({ from: { x: 0, y: 0 }, to: { x: 10, y: 0 } }, slope(8));
    expect(samples).toHaveLength(11);
    expect(samples[3]).toEqual({ along: 3, height: 6 });
    expect(samples.at(-1)?.height).toBeNull();
    expect(profileOf(samples)).toMatchObject({ low: 0, high: 16 });
    expect(profileOf(samples.map(({ along }) => ({ along, height: null })))).toBeNull();
  });

  it("becomes a table in the unit that is known", () => {
    const samples = [
      { along: 0, height: 1 },
      { along: 1.5, height: null },
    ];
    expect(profileCsv(samples, null)).toBe("distance_px,height_px\n0,1\n1.5,\n");
    expect(profileCsv(samples, 0.5)).toBe("distance_mm,height_mm\n0,0.5\n0.75,\n");
  });
});

describe("the address of a view", () => {
  const read = (query: string) => readLink(new URLSearchParams(query));

  it("is short at first, and leads back to what was shown", () => {
    expect(writeLink("a b", FIRST)).toBe("set=a+b");
    const shown = {
      ...FIRST,
      layer: "shaded" as const,
      light: fromAngles(200, 25),
      look: { ambient: 0.3, specular: 0.5, exaggeration: 2 },
      view: { scale: { times: 3.5 }, centre: { x: 0.25, y: 0.75 } },
      other: "albedo" as const,
      otherSet: "before",
    };
    const back = read(writeLink("a", shown));
    expect(anglesOf(back.light)).toEqual({ azimuth: 200, elevation: 25 });
    expect({ ...back, light: null }).toEqual({ ...shown, light: null });
  });

  it("means the first view where it is nonsense", () => {
    expect(read("layer=nothing&light=1&ambient=x&view=0,a,b&beside=7")).toEqual(FIRST);
    expect(read("ambient=9&exaggeration=-1").look).toMatchObject({ ambient: 1, exaggeration: 0 });
  });
});

describe("a result", () => {
  const record = (kind: string, files: string[] = []) =>
    ({ kind, folder: "results", files: files.map((filename) => ({ filename, size: 1 })) }) as unknown as ResultRecord;
  const manifest = (results: ResultRecord[]) => ({ results }) as unknown as Manifest;

  it("is the surface, else its preview", () => {
    const [surface, preview] = [record("surface"), record("preview")];
    expect(resultOf(manifest([preview, surface]))).toBe(surface);
    expect(resultOf(manifest([preview, record("of later")]))).toBe(preview);
    expect(resultOf(manifest([]))).toBeNull();
    expect(resultOf(null)).toBeNull();
  });

  it("has pictures for the page unless an older version made it", () => {
    expect(hasViews(record("surface", ["results/normals.png"]))).toBe(false);
    expect(hasViews(record("surface", ["results/view/view.json"]))).toBe(true);
  });

  it("has lamps in directions, also where positions are known", () => {
    const lights = [
      { filename: "a.jpg", light: "light_left", position: [0, 0, 300] },
      { filename: "b.jpg", light: null },
    ];
    const found = lampsOf({ lights } as unknown as Report);
    expect(found).toEqual([{ name: "light_left", direction: [0, 0, 1], filename: "a.jpg" }]);
  });
});

describe("shading", () => {
  const plain = { layer: "relit" as const, light: [0, 0, 1] as Direction, ambient: 0, specular: 0, exaggeration: 1 };

  it("follows Lambert, and is dark where the surface turns away", () => {
    const facing = lit([0, 0, 1], plain).colour;
    expect(lit([0, Math.sin(Math.PI / 3), 0.5], plain).colour / facing).toBeCloseTo(0.5, 5);
    expect(lit([1, 0, 0], { ...plain, light: [-1, 0, 0] }).colour).toBe(0);
    expect(lit([0, 0, 1], { ...plain, specular: 1 }).gloss).toBeCloseTo(1, 5);
  });

  it("makes a relief steeper or flat", () => {
    expect(steeper([0.6, 0, 0.8], 0)).toEqual([0, 0, 1]);
    expect(steeper([0.6, 0, 0.8], 2)[0]).toBeCloseTo(0.832, 3);
  });

  it("codes light as sRGB and maps shares to colours", () => {
    expect(toSrgb(toLinear(0.5))).toBeCloseTo(0.5, 6);
    expect(mapped(ALTITUDE, -1)).toEqual(ALTITUDE[0]);
    expect(mapped(ALTITUDE, 1)).toEqual(ALTITUDE.at(-1));
  });
});
