import { describe, expect, it } from "vitest";
import { exifRows, trueSize } from "@/lib/exif";
import { clockTime, logText } from "@/lib/log";
import { captureNamePreview, insertPlaceholder, setNamePreview } from "@/lib/naming";
import type { ImageFile, ImageSet, Naming } from "@/lib/protocol";
import { pixelsPerMillimetre, readScale } from "@/lib/scale";
import {
  ANY,
  arrangeShots,
  changed,
  inOrder,
  type ListQuery,
  matches,
  objectOf,
  ratingsOf,
  shotsOf,
  statusWords,
  wantedOf,
} from "@/lib/sets";
import { nextScale, panBy, placed, scaleWords, sizeFor, WHOLE, zoomAt } from "@/lib/zoom";

function set(change: Partial<ImageSet>): ImageSet {
  const nothing = { created_at: null, status: "completed", camera: null, cover: null, fault: null } as const;
  return {
    name: "x",
    image_count: 1,
    size: 1,
    rating: null,
    catalogue_number: null,
    results: [],
    stale: false,
    ...nothing,
    ...change,
  };
}

describe("the list of sets", () => {
  const coin = set({ name: "coin", catalogue_number: "1984.3 b", rating: 2, created_at: "2026-01-01T00:00:00Z" });
  const vase = set({ name: "vase", rating: 5, status: "failed", created_at: "2026-01-02T00:00:00Z" });
  const plain = set({ name: "plain", created_at: "2026-01-03T00:00:00Z" });
  const all = [coin, vase, plain];
  const shown = (sets: ImageSet[], search: string, order: ListQuery["order"], filter: ListQuery["filter"]) =>
    sets
      .filter((set) => matches(set, { search, order, filter, facets: ANY }))
      .sort(inOrder(order))
      .map(({ name }) => name);

  it("is searched by words of name and catalogue number", () => {
    expect(shown(all, "1984 coin", "newest", "all")).toEqual(["coin"]);
    expect(shown(all, "1985", "newest", "all")).toEqual([]);
  });

  it("goes by name without regard to capitals, and by size and age both ways", () => {
    const sets = [set({ name: "Vase", size: 2 }), set({ name: "coin", size: 3 }), set({ name: "urn", size: 1 })];
    expect(shown(sets, "", "name", "all")).toEqual(["coin", "urn", "Vase"]);
    expect(shown(sets, "", "size", "all")).toEqual(["coin", "Vase", "urn"]);
    expect(shown(all, "", "oldest", "all")).toEqual(["coin", "vase", "plain"]);
  });

  it("says which one is broken, whatever its status", () => {
    expect(statusWords(set({ fault: "The manifest is broken.", status: "running" }))).toBe("broken");
    expect(statusWords(plain)).toBeNull();
  });

  it("has the best first, and the newest of equal ones", () => {
    expect(shown([...all, set({ name: "old" })], "", "rating", "all")).toEqual(["vase", "coin", "plain", "old"]);
  });

  it.each([
    ["complete", ["plain", "coin"]],
    ["partial", ["vase"]],
    ["stars1", ["vase", "coin"]],
    ["stars3", ["vase"]],
    ["unrated", ["plain"]],
  ] as const)("shows with the filter %s only those", (filter, wanted) => {
    expect(shown(all, "", "newest", filter)).toEqual(wanted);
  });

  it.each([
    ["vase_20261130-174809", null, "vase"],
    ["Roman coin_20261130-174809-2", null, "Roman coin"],
    ["20261130-174809", null, "20261130-174809"],
    ["by_hand", null, "by_hand"],
    ["vase_20261130-174809", "1984.3 b", "1984.3 b"],
  ])("calls %s with number %s the object %s", (name, catalogue_number, object) => {
    expect(objectOf({ name, catalogue_number })).toBe(object);
  });

  it("narrows down by what sets have in common", () => {
    const query = { search: "", order: "newest", filter: "all" } as const;
    expect(all.filter((set) => matches(set, { ...query, facets: { ...ANY, object: "vase" } }))).toEqual([vase]);
    expect(all.filter((set) => matches(set, { ...query, facets: { ...ANY, camera: "no such" } }))).toEqual([]);
  });

  it("asks the server for what it shows", () => {
    expect(wantedOf({ search: " 1984  coin ", order: "rating", filter: "stars3", facets: ANY })).toEqual({
      search: "1984  coin",
      order: "rating",
      min_rating: 3,
    });
    const partial = { search: " ", order: "newest", filter: "partial" } as const;
    expect(wantedOf({ ...partial, facets: ANY })).toEqual({ order: "newest", complete: false });
    const facets = { day: "2026-01-02", object: "vase", camera: null };
    expect(wantedOf({ ...partial, facets })).toEqual({
      order: "newest",
      complete: false,
      day: "2026-01-02",
      object: "vase",
    });
    const kept = { search: "", order: "by mood", filter: "gone", facets: ANY } as unknown as ListQuery;
    expect(wantedOf(kept)).toEqual({ order: "newest" });
  });

  it("finds single shots by name, notes and rating, and knows the order they came in", () => {
    const file = (filename: string, rating: number | null, notes = "") =>
      ({ filename, rating, notes, size: filename.length, mimetype: "image/jpeg" }) as ImageFile;
    const shots = shotsOf([file("c3.jpg", -1), file("b22.jpg", 4, "Rim, chipped"), file("a111.jpg", null)]);
    const found = (
      ...asked: [string, "newest" | "oldest" | "name" | "size" | "rating", "all" | "rejected" | "stars3"]
    ) => arrangeShots(shots, ...asked).map(({ image }) => image.filename);
    expect(found("", "oldest", "all")).toEqual(["a111.jpg", "b22.jpg", "c3.jpg"]);
    expect(found("", "newest", "all")).toEqual(["c3.jpg", "b22.jpg", "a111.jpg"]);
    expect(found("", "rating", "all")).toEqual(["b22.jpg", "a111.jpg", "c3.jpg"]);
    expect(found("", "size", "all")).toEqual(["a111.jpg", "b22.jpg", "c3.jpg"]);
    expect(found("chipped rim", "name", "all")).toEqual(["b22.jpg"]);
    expect(found("", "newest", "rejected")).toEqual(["c3.jpg"]);
    expect(found("", "newest", "stars3")).toEqual(["b22.jpg"]);
  });

  it("knows only ratings that were given", () => {
    const file = (filename: string, rating: number | null) => ({ filename, rating }) as ImageFile;
    expect(ratingsOf([file("a", -1), file("b", null), file("c", 0)])).toEqual({ a: -1, c: 0 });
  });
});

describe("names", () => {
  const naming = (template: string): Naming => ({
    capture: "",
    capture_example: "",
    set: template,
    set_example: "",
    placeholders: [
      { name: "prefix", meaning: "", example: "photometric_set", used_in: ["set"] },
      { name: "catalogue_number", meaning: "", example: "1923.41", used_in: ["set"] },
      { name: "date", meaning: "", example: "20261105", used_in: ["set"] },
      { name: "time", meaning: "", example: "090807", used_in: ["set"] },
    ],
  });

  it("take a placeholder where the caret is, and instead of what is selected", () => {
    expect(insertPlaceholder("a_b", "date", 2, 2)).toEqual({ text: "a_{date}b", caret: 8 });
    expect(insertPlaceholder("a_b", "date", 0, 3)).toEqual({ text: "{date}", caret: 6 });
  });

  it("of sets are shown with what was typed", () => {
    const usual = naming("{prefix}_{date}-{time}");
    expect(setNamePreview(usual, "Roman coin", "")).toBe("Roman_coin_20261105-090807");
    expect(setNamePreview(usual, " ", "")).toBe("photometric_set_20261105-090807");
    expect(setNamePreview(naming("lab {catalogue_number}_{prefix}_{date}"), "coin", "A/7")).toBe(
      "lab_A_7_coin_20261105",
    );
  });

  it("of sets leave out what is not known, with one separator", () => {
    expect(setNamePreview(naming("{catalogue_number}_{prefix}_{date}"), "coin", "")).toBe("coin_20261105");
    expect(setNamePreview(naming("{prefix}_{date}_{catalogue_number}"), "coin", "")).toBe("coin_20261105");
  });
});

describe("the scale", () => {
  it.each([
    ["0.08", 0.08],
    ["0,08 mm/px", 0.08],
    ["12.5 px/mm", 0.08],
    ["4 pixels/mm", 0.25],
    ["", null],
  ])("is read from %j", (text, value) => {
    expect(readScale(text)).toEqual({ value, problem: null });
  });

  it.each(["fine", "0", "-1", "5000", "0.08 m"])("is not read from %j, and it is said why", (text) => {
    expect(readScale(text).value).toBeNull();
    expect(readScale(text).problem).toMatch(/mm|Millimetres/);
  });

  it("is said the other way round", () => {
    expect(pixelsPerMillimetre(0.08)).toBe("12.5 pixels per mm");
  });
});

describe("zoom", () => {
  const box = { width: 400, height: 400 };
  const size = { width: 800, height: 400 };

  it("goes from whole to 100 % and 200 %, and back from anything else", () => {
    expect([nextScale("fit"), nextScale(1), nextScale(2), nextScale({ times: 3 })]).toEqual([1, 2, "fit", "fit"]);
    expect([scaleWords("fit"), scaleWords(2), scaleWords({ times: 1.5 })]).toEqual(["Fit", "200 %", "1.5 ×"]);
  });

  it("keeps the point under the pointer", () => {
    const view = zoomAt(box, size, WHOLE, 1, 4, 300, 200);
    const { scale, left, top } = placed(box, size, view, 1);
    expect(scale).toBeCloseTo(2);
    expect(left + 600 * scale).toBeCloseTo(300);
    expect(top + 200 * scale).toBeCloseTo(200);
  });

  it("ends with the whole picture", () => {
    const near = zoomAt(box, size, WHOLE, 1, 4, 300, 200);
    expect(zoomAt(box, size, near, 1, 0.1, 0, 0)).toEqual(WHOLE);
  });

  it("shows one pixel per pixel of the screen at 100 %", () => {
    expect(placed(box, size, { ...WHOLE, scale: 1 }, 2).scale).toBe(0.5);
  });

  it("is drawn along with the pointer, and not at all while whole", () => {
    const view = panBy(box, size, { ...WHOLE, scale: 1 }, 1, 80, 0);
    expect(view.centre.x).toBeCloseTo(0.4);
    expect(panBy(box, size, WHOLE, 1, 80, 0)).toEqual(WHOLE);
  });

  it("keeps the large size for the small version of a picture of the same shape only", () => {
    expect(sizeFor({ width: 6000, height: 4000 }, { width: 1600, height: 1067 })).toEqual({
      width: 6000,
      height: 4000,
    });
    expect(sizeFor({ width: 6000, height: 4000 }, { width: 1067, height: 1600 })).toEqual({
      width: 1067,
      height: 1600,
    });
  });
});

describe("facts of a file", () => {
  it("are told as people read them", () => {
    const rows = exifRows({ make: "Canon", model: "Canon EOS", shutter: "1/60", f_number: 8, iso: 100, lens: null });
    expect(rows).toEqual([
      ["Camera", "Canon EOS"],
      ["Exposure", "1/60 s · f/8 · ISO 100"],
    ]);
  });

  it("give the size in the orientation that is shown", () => {
    const facts = { width: 6000, height: 4000 };
    expect(trueSize(facts, { width: 1067, height: 1600 })).toEqual({ width: 4000, height: 6000 });
    expect(trueSize(facts, { width: 1600, height: 1067 })).toEqual(facts);
    expect(trueSize({}, { width: 1600, height: 1067 })).toBeNull();
  });
});

describe("the log", () => {
  it("is told line by line", () => {
    const line = {
      time: "2026-11-22T10:00:00Z",
      level: "WARNING",
      logger: "tetherlight.rig.rig",
      message: "Gone",
    } as const;
    expect(logText(line)).toBe("2026-11-22T10:00:00Z WARNING tetherlight.rig.rig: Gone");
    expect(clockTime(line.time)).toMatch(/^\d\d:00:00$|^\d\d:\d\d:00$/);
    expect(clockTime("soon")).toBe("soon");
  });
});

describe("a list of captures", () => {
  const file = (filename: string, rating: number | null = null) =>
    ({ filename, path: `captures/${filename}`, rating }) as ImageFile;
  const before = [file("b.jpg"), file("a.jpg")];

  it("follows what is created once, changed and deleted; what is restored only the server can place", () => {
    const created = changed(before, { change: "created", files: [file("c.jpg"), file("b.jpg", 3)] });
    expect(created).toEqual([file("c.jpg"), ...before]);
    expect(changed(before, { change: "updated", files: [file("a.jpg", 5)] })).toEqual([before[0], file("a.jpg", 5)]);
    expect(changed(before, { change: "deleted", files: [file("b.jpg")] })).toEqual([before[1]]);
    expect(changed(before, { change: "restored", files: [file("c.jpg")] })).toBe(before);
  });
});

describe("the next name", () => {
  const naming = (capture: string, capture_example: string) =>
    ({
      capture,
      capture_example,
      placeholders: [
        { name: "date", example: "20261231" },
        { name: "time", example: "235958" },
      ],
    }) as Naming;

  it("goes on with the time, also over midnight, without asking again", () => {
    const told = naming("image_{model}_{date}-{time}", "image_D235958_20261231-235958.jpg");
    expect(captureNamePreview(told, 900)).toBe("image_D235958_20261231-235958.jpg");
    expect(captureNamePreview(told, 2100)).toBe("image_D235958_20270101-000000.jpg");
  });

  it("stays what it is where it holds no time", () => {
    expect(captureNamePreview(naming("{model}_{number}", "D_20261231.jpg"), 99_000)).toBe("D_20261231.jpg");
    expect(captureNamePreview({ ...naming("{time}", "x.jpg"), placeholders: [] }, 1)).toBe("x.jpg");
  });
});
