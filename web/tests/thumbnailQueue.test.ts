import { describe, expect, it } from "vitest";
import { cameBefore, take } from "@/lib/thumbnailQueue";

describe("the queue of thumbnails", () => {
  it("lets four be under way, and the next one when one has come or was given up", () => {
    const begun: number[] = [];
    const ends = Array.from({ length: 7 }, (_, number) => take(`/thumbnails/${number}`, () => begun.push(number)));
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[4]!(false);
    ends[1]!(true);
    expect(begun).toEqual([0, 1, 2, 3, 5]);
    ends[0]!(false);
    expect(begun).toEqual([0, 1, 2, 3, 5, 6]);
    for (const number of [2, 3, 5, 6]) ends[number]!(true);
    expect([cameBefore("/thumbnails/1"), cameBefore("/thumbnails/0"), cameBefore("/thumbnails/4")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
