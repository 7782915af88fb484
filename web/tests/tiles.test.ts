import { expect, test, vi } from "vitest";
import { Planes, type PlanesInfo } from "@/lib/relight/planes";
import { placesIn, stepFor, Tiles } from "@/lib/relight/tiles";

const GRID = { edge: 512, steps: [1, 2, 4], width: 12000, height: 8700 };
const WHOLE = { left: 0, top: 0, width: 1, height: 1 };

function loader(read: (key: string) => Promise<string>) {
  const free = vi.fn();
  const change = vi.fn();
  const asked: string[] = [];
  const tiles = new Tiles<string>(
    GRID,
    (step, x, y) => {
      asked.push(`${step}/${x}_${y}`);
      return read(`${step}/${x}_${y}`);
    },
    free,
    change,
  );
  return { tiles, free, change, asked };
}

test("tiles are as fine as the screen, and no finer", () => {
  expect([0.05, 0.25, 0.4, 0.6, 1, 8].map((scale) => stepFor(GRID.steps, scale))).toEqual([4, 4, 2, 2, 1, 1]);
});

test("the last tiles are as large as what is left of the picture", () => {
  const places = placesIn(GRID, 4, WHOLE);
  expect(places).toHaveLength(6 * 5);
  const last = places.find(({ key }) => key === "4/5_4")!;
  expect(last.left + last.width).toBeCloseTo(1);
  expect(last.top + last.height).toBeCloseTo(1);
  expect(last.height * GRID.height).toBeCloseTo(8700 - 4 * 2048);
  expect(placesIn(GRID, 1, { left: 1, top: 1, width: 0, height: 0 })).toEqual([]);
});

test("what is looked at is loaded from its middle, four at a time, and what is coarser stands in", async () => {
  const { tiles, asked } = loader((key) => Promise.resolve(key));
  const seen = { left: 0.4, top: 0.4, width: 0.2, height: 0.2 };
  tiles.look(seen, 0.25);
  await vi.waitFor(() => expect(tiles.whole).toBe(true));
  const coarse = tiles.look(seen, 0.25).map(({ content }) => content);
  asked.length = 0;
  expect(tiles.look(seen, 1).map(({ content }) => content)).toEqual(expect.arrayContaining(coarse));
  expect(asked).toHaveLength(4);
  expect(asked[0]).toMatch(/^1\/1[12]_[78]$/);
  await vi.waitFor(() => expect(tiles.whole).toBe(true));
  expect(tiles.look(seen, 1).every(({ content }) => content.startsWith("1/"))).toBe(true);
});

test("however far one goes over a picture of 100 megapixels, few tiles are held", async () => {
  const { tiles, free } = loader((key) => Promise.resolve(key));
  let looked = 0;
  for (let left = 0; left < 0.9; left += 0.1) {
    const seen = { left, top: 0.3, width: 0.1, height: 0.1 };
    tiles.look(seen, 1);
    await vi.waitFor(() => expect(tiles.whole).toBe(true));
    looked = Math.max(looked, tiles.look(seen, 1).length);
    expect(tiles.count).toBeLessThanOrEqual(looked + 16);
  }
  expect(free).toHaveBeenCalled();
  tiles.rest();
  expect(tiles.count).toBe(0);
});

test("a tile that fails is told, the others are shown, and it is tried again when one comes back", async () => {
  let broken = true;
  const { tiles } = loader((key) =>
    broken && key === "4/0_0" ? Promise.reject(new Error("gone")) : Promise.resolve(key),
  );
  tiles.look(WHOLE, 0.1);
  await vi.waitFor(() => expect(tiles.count).toBe(29));
  expect([tiles.lacks, tiles.whole]).toEqual([true, false]);
  broken = false;
  tiles.look({ left: 0.9, top: 0.9, width: 0.1, height: 0.1 }, 0.1);
  tiles.look(WHOLE, 0.1);
  await vi.waitFor(() => expect(tiles.whole).toBe(true));
});

function planes(info: Partial<PlanesInfo>): Planes {
  const count = info.nplanes ?? 18;
  const materials = [{ scale: Array(count).fill(2), bias: Array(count).fill(0.5), range: Array(count).fill(254) }];
  return new Planes(
    { width: 1, height: 1, type: "ptm", colorspace: "rgb", nplanes: count, materials, ...info },
    Array(count / 3).fill(null),
  );
}

const pixel = (...bytes: number[]) => Uint8ClampedArray.of(...bytes, 255);
const GRAY = pixel(127.5, 127.5, 127.5);

function lit(of: Planes, pictures: Uint8ClampedArray[], light: [number, number, number]): number[] {
  const into = new Uint8ClampedArray(4);
  of.paint(into, pictures, light);
  return [...into];
}

test("a polynomial is summed for each colour", () => {
  // 1 + u in red, all else nothing: 0.2 + 0.6 * 0.2.
  const none = pixel(128, 128, 128);
  const pictures = [pixel(153, 128, 128), pixel(153, 128, 128), none, none, none, none];
  const [red, green] = lit(planes({}), pictures, [0.6, 0, 0.8]);
  expect(red).toBeGreaterThan(78);
  expect(red).toBeLessThan(84);
  expect(green).toBeLessThan(4);
});

test("a polynomial of the luminance has a colour of its own", () => {
  const of = planes({ colorspace: "lrgb", nplanes: 9 });
  // Colour (1, 0, 0), and a luminance of 0.4.
  const [red, green] = lit(of, [pixel(255, 128, 128), pixel(179, 128, 128), pixel(128, 128, 128)], [0, 0, 1]);
  expect(red).toBeGreaterThan(98);
  expect(red).toBeLessThan(106);
  expect(green).toBeLessThan(2);
});

test("between the nodes of principal components the sum is between theirs", () => {
  const side = 2;
  const basis = Array(4 * side * side * 3).fill(127);
  // Without any plane: dark at the two nodes on the left, bright on the right.
  for (const [node, value] of [0, 255, 0, 255].entries()) basis.fill(value, node * 3, node * 3 + 3);
  const of = planes({ type: "bilinear", colorspace: "mrgb", nplanes: 3, resolution: side, basis });
  expect(lit(of, [GRAY], [0, 0, 1])).toEqual([128, 128, 128, 255]);
  expect(lit(of, [GRAY], [1, 0, 0])[0]).toBe(255);
  expect(of.fragment).toContain("uniform mat3 matrices[1];");
});
