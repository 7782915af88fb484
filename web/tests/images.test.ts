import { describe, expect, it } from "vitest";
import { kindOf, standingFor } from "@/lib/images";

describe("images", () => {
  it.each([
    ["vase/image_01.JPG", "jpeg"],
    ["a.CR3", "raw"],
    ["a.exr", "other"],
    ["manifest.json", null],
    ["folder.jpg/notes", null],
    ["a.toString", null],
  ])("know the kind of %s by its extension", (name, kind) => {
    expect(kindOf(name)).toBe(kind);
  });

  it("are stood for by the first JPEG, else by the first file", () => {
    const same = (name: string) => name;
    expect(standingFor(["a.cr2", "a.jpg", "b.jpg"], same)).toBe("a.jpg");
    expect(standingFor(["a.cr2", "a.png"], same)).toBe("a.cr2");
    expect(standingFor([], same)).toBeUndefined();
  });
});
