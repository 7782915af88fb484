import { describe, expect, it } from "vitest";
import { histogramOf, sharpnessOf } from "@/lib/analysis";
import { differences, neighbour, presetOf, sectionsOf } from "@/lib/config";
import { anglesOf, type Direction, directionOf, fromAngles, spotOf } from "@/lib/dome";
import { exposureWarnings, shutterSeconds } from "@/lib/exposure";
import { place, pointAt, pointOn, within } from "@/lib/fit";
import { bytes, duration } from "@/lib/format";
import { readHeader } from "@/lib/frames";
import { assignLp, parseLp } from "@/lib/lp";
import type { ConfigEntry, ImageFile } from "@/lib/protocol";
import { afterRemoval, NOTHING_CHOSEN, range, toggle } from "@/lib/selection";
import { factsOf, nameProblem } from "@/lib/sequence";
import { lightOf, shotsOf } from "@/lib/sets";

function entry(change: Partial<ConfigEntry>): ConfigEntry {
  const usual = {
    name: "iso",
    label: "ISO",
    value: "100",
    type: "menu",
    readonly: false,
    options: ["100", "200"],
  } as const;
  return {
    ...usual,
    path: "/main/imgsettings/iso",
    alias: null,
    min: null,
    max: null,
    step: null,
    ...change,
  } as ConfigEntry;
}

describe("frames", () => {
  it("reads the header that the server writes", () => {
    const message = new ArrayBuffer(24);
    const view = new DataView(message);
    view.setUint8(0, 1);
    view.setUint16(2, 7, true);
    view.setUint32(4, 4_000_000_000, true);
    view.setFloat64(8, 1_700_000_000.25, true);
    view.setUint16(16, 1024, true);
    view.setUint16(18, 680, true);
    const header = { stream: 7, seq: 4_000_000_000, capturedAt: 1_700_000_000.25, width: 1024, height: 680 };
    expect(readHeader(message)).toEqual(header);
  });

  it("takes nothing else for a frame", () => {
    expect(readHeader(new ArrayBuffer(8))).toBeNull();
    expect(readHeader(new ArrayBuffer(40))).toBeNull();
  });
});

describe("analysis", () => {
  const picture = (levels: number[]) => new Uint8ClampedArray(levels.flatMap((level) => [level, level, level, 255]));

  it("counts levels and the shares that are clipped", () => {
    const { luma, bright, dark } = histogramOf(picture([0, 128, 128, 255]));
    expect([luma[0], luma[128], bright, dark]).toEqual([1, 2, 0.25, 0.25]);
  });

  it("finds edges sharper than a slope, whatever the brightness", () => {
    const line = (at: (x: number) => number) => picture(Array.from({ length: 64 }, (_, i) => at(i % 8)));
    const edge = sharpnessOf(
      line((x) => (x < 4 ? 40 : 160)),
      8,
      8,
    );
    const slope = sharpnessOf(
      line((x) => 40 + x * 17),
      8,
      8,
    );
    expect(edge).toBeGreaterThan(slope * 5);
  });
});

describe("fit", () => {
  const box = { width: 400, height: 400 };

  it("shows the whole picture in the middle", () => {
    expect(place(box, 800, 400)).toEqual({ scale: 0.5, left: 0, top: 100 });
  });

  it("finds the point under the pointer again after zooming", () => {
    const placement = place(box, 800, 800, 1, { x: 0.25, y: 0.75 });
    const point = pointAt(placement, 800, 800, 200, 200);
    expect(point).toEqual({ x: 0.25, y: 0.75 });
  });

  it("tells a point of the picture from the empty room around it", () => {
    const placement = place(box, 800, 400);
    expect(pointOn(placement, 800, 400, 100, 150)).toEqual({ x: 0.25, y: 0.25 });
    expect(pointOn(placement, 800, 400, 100, 99)).toBeNull();
    expect(pointOn(placement, 800, 400, 100, 301)).toBeNull();
    expect(within({ x: -0.1, y: 1.2 })).toEqual({ x: 0, y: 1 });
  });
});

describe("dome", () => {
  it.each<Direction>([
    [0, 0, 1],
    [0.6, 0, 0.8],
    [0, -0.8, 0.6],
    [-1, 0, 0],
  ])("finds the direction %s again from its place on the map", (...direction) => {
    const again = directionOf(spotOf(direction));
    for (const axis of [0, 1, 2] as const) expect(again[axis]).toBeCloseTo(direction[axis], 5);
  });

  it("keeps a light that is dragged past the rim at the horizon", () => {
    expect(directionOf({ x: 3, y: 0 })[2]).toBeCloseTo(0);
  });

  it("turns angles into directions and back", () => {
    expect(anglesOf(fromAngles(225, 40))).toEqual({ azimuth: 225, elevation: 40 });
  });
});

describe("light position files", () => {
  it("are read with their count, names with spaces, and lengths brought to one", () => {
    const lines = parseLp("2\nmy photo 1.jpg 0 0 2\nb.jpg\t0.6 0 0.8\n");
    expect(lines).toEqual([
      { filename: "my photo 1.jpg", direction: [0, 0, 1] },
      { filename: "b.jpg", direction: [0.6, 0, 0.8] },
    ]);
  });

  it("are refused with the line that is wrong", () => {
    expect(() => parseLp("1\nphoto.jpg 0 zero 1")).toThrow("Line 2");
    expect(() => parseLp("3\nphoto.jpg 0 0 1")).toThrow("3 lights");
  });

  it("give directions by name where all names are there, else by place", () => {
    const lights = [
      { name: "left", direction: null },
      { name: "right", direction: null },
    ];
    const byName = assignLp(lights, parseLp("x_right.jpg 1 0 0\nx_left.jpg -1 0 0"));
    expect(byName[0]!.direction).toEqual([-1, 0, 0]);
    const byPlace = assignLp(lights, parseLp("1.jpg 1 0 0\n2.jpg -1 0 0"));
    expect(byPlace[0]!.direction).toEqual([1, 0, 0]);
  });
});

describe("exposure check", () => {
  it("warns of what is automatic and offers a change where it knows one", () => {
    const white = entry({
      name: "whitebalance",
      path: "/main/imgsettings/whitebalance",
      value: "Auto",
      options: ["Auto", "Daylight"],
    });
    const [warning] = exposureWarnings([entry({}), white]);
    expect(warning?.fix).toEqual({ path: white.path, value: "Daylight", label: "ISO" });
  });

  it("says nothing of manual settings", () => {
    expect(exposureWarnings([entry({}), entry({ name: "autoexposuremode", value: "Manual" })])).toEqual([]);
  });

  it.each([
    ["1/125", 0.008],
    ["2.5", 2.5],
    ["bulb", null],
  ])("reads the shutter time %s", (text, seconds) => {
    expect(shutterSeconds(text)).toBe(seconds);
  });
});

describe("settings", () => {
  it("stops at the ends of a list of options", () => {
    expect(neighbour(["a", "b", "c"], "c", 1)).toBe("c");
    expect(neighbour(["a", "b", "c"], "a", 1)).toBe("b");
  });

  it("finds entries by words of name, label and value", () => {
    const found = sectionsOf([entry({}), entry({ name: "aperture", label: "Aperture", value: "8" })], "iso 100");
    expect(found).toHaveLength(1);
    expect(found[0]!.entries).toHaveLength(1);
  });

  it("tells what a preset would change", () => {
    const preset = presetOf([entry({ value: "200" }), entry({ path: "/main/status/serial", type: "text" })]);
    expect(preset).toEqual({ "/main/imgsettings/iso": "200" });
    expect(differences([entry({})], preset)).toMatchObject([{ wanted: "200" }]);
  });
});

describe("choosing", () => {
  it("extends from the anchor over everything between", () => {
    const from = toggle(NOTHING_CHOSEN, "b");
    expect([...range(from, ["a", "b", "c", "d"], "d").chosen]).toEqual(["b", "c", "d"]);
  });

  it("goes on with the next that stays", () => {
    expect(afterRemoval(["a", "b", "c"], new Set(["b"]))).toBe("c");
    expect(afterRemoval(["a", "b", "c"], new Set(["c", "b"]))).toBe("a");
    expect(afterRemoval(["a"], new Set(["a"]))).toBeNull();
  });
});

describe("sets", () => {
  const file = (filename: string, mimetype = "image/jpeg") =>
    ({ filename, mimetype, path: filename, size: 1, url: "" }) as ImageFile;

  it("show one entry per exposure, its JPEG first", () => {
    const shots = shotsOf([file("a.cr2", "image/x-canon-cr2"), file("a.jpg"), file("b.jpg")]);
    expect(shots.map((shot) => [shot.image.filename, shot.others.length])).toEqual([
      ["a.jpg", 1],
      ["b.jpg", 0],
    ]);
  });

  it("name frames by their lights", () => {
    expect(lightOf(file("image_03_light_front_left.jpg"))).toBe("front left");
    expect(lightOf(file("else.jpg"))).toBe("else.jpg");
  });

  it("have names that the server takes", () => {
    expect(nameProblem("a/b")).toContain("/");
    expect(nameProblem("Vase 3.1-b_c")).toBeNull();
    for (const name of ["größe", "日本語", "u\u0308ber", "हिन्दी"]) expect(nameProblem(name)).toBeNull();
    for (const name of ["-rf", ".x", "vase."]) expect(nameProblem(name)).toContain("may not");
  });

  it("keep what is known of the object, and nothing where nothing was typed", () => {
    const facts = factsOf({ notes: "Worn. ", catalogue: "1984.3", scale: "12.5 px/mm" });
    expect(facts).toEqual({ notes: "Worn.", catalogue_number: "1984.3", scale_mm_per_pixel: 0.08 });
    const none = factsOf({ notes: " ", catalogue: "", scale: "" });
    expect(Object.values(none)).toEqual([null, null, null]);
  });
});

describe("numbers", () => {
  it("read as people write them", () => {
    expect([bytes(950), bytes(1_234_567), bytes(61_000_000_000)]).toEqual(["950 B", "1.2 MB", "61 GB"]);
    expect([duration(42), duration(3900)]).toEqual(["0:42", "1:05:00"]);
  });
});
