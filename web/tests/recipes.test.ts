import { describe, expect, it } from "vitest";
import { differences } from "@/lib/config";
import type { ConfigEntry, LightInfo, Recipe } from "@/lib/protocol";
import { dials, exposureNow, fitsPlan, presetsFor, readRecipes, recipeFile, recipeSet, takes } from "@/lib/recipes";

const entry = (change: Partial<ConfigEntry>) =>
  ({
    name: "iso",
    label: "ISO",
    value: "100",
    type: "menu",
    readonly: false,
    options: [],
    alias: "iso",
    ...change,
  }) as ConfigEntry;
const ISO = entry({ path: "/main/imgsettings/iso" });
const APERTURE = entry({ name: "f-number", alias: "aperture", path: "/main/capture/f-number", value: "5.6" });
const LOCKED = entry({
  name: "shutterspeed",
  alias: "shutterspeed",
  path: "/main/capture/shutterspeed",
  readonly: true,
});
const COINS: Recipe = { name: "Coins, f/8", light_sequence: ["a", "b"], ambient: true, settings: { aperture: "8" } };

describe("recipes", () => {
  it("keep the exposure by the names that every brand understands, without what cannot be set", () => {
    expect(exposureNow([ISO, APERTURE, LOCKED])).toEqual({ aperture: "5.6", iso: "100" });
  });

  it("differ from the camera by path, alias or name", () => {
    const changes = differences([ISO, APERTURE, LOCKED], {
      aperture: "8",
      "/main/imgsettings/iso": "200",
      shutterspeed: "1/8",
    });
    expect(changes.map(({ entry: one, wanted }) => [one.alias, wanted])).toEqual([
      ["iso", "200"],
      ["aperture", "8"],
    ]);
  });

  it("keep the levels of lamps that can be dimmed alone", () => {
    const lights = [
      { name: "a", dims: true, on_level: 0.4 },
      { name: "b", dims: false, on_level: 1 },
      { name: "c", dims: true, on_level: 0.2 },
    ] as LightInfo[];
    const made = recipeSet(["b", "a"], lights, { ambient: true, pauses: true, name: " coin ", trigger: "software" });
    expect(made).toMatchObject({
      light_sequence: ["b", "a"],
      levels: { a: 0.4 },
      on_failure: "pause",
      set_name_prefix: "coin",
    });
    expect(recipeSet([], lights, { ambient: true, pauses: true, name: "", trigger: "software" })).toBeNull();
  });

  it("say in a few words what they take", () => {
    expect(takes(COINS)).toBe("2 lights + ambient");
    expect(
      takes({
        name: "x",
        axes: [
          { axis: "repeat", count: 2 },
          { axis: "light", values: ["a"] },
        ],
      }),
    ).toBe("repeat × light");
    expect(dials({ shutterspeed: "1/60", aperture: "8", iso: "200", whitebalance: "Daylight" })).toBe(
      "1/60 s · f/8 · ISO 200 · 1 more",
    );
    expect(fitsPlan(COINS)).toBe(true);
    expect(fitsPlan({ ...COINS, focus: { count: 3 } })).toBe(false);
  });

  it("are presets of a camera where they take no set", () => {
    const preset: Recipe = { name: "Studio", camera_model: "A", settings: { iso: "100" } };
    expect(presetsFor([COINS, preset, { ...preset, camera_model: null }], "A")).toHaveLength(2);
    expect(presetsFor([COINS, preset], "B")).toEqual([]);
  });

  it("come out of a file as they went in, and a file of anything else is refused", () => {
    expect(readRecipes(recipeFile([{ ...COINS, notes: null, levels: {} }]))).toEqual([COINS]);
    for (const text of ["", "[]", "null", '{"recipes": []}', '{"tetherlight_recipes": 2, "recipes": []}'])
      expect(() => readRecipes(text)).toThrow("holds no recipes");
  });
});
