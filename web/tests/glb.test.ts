import { expect, it } from "vitest";
import { meshIn } from "@/lib/glb";
import { turned } from "@/lib/relight/meshPainter";

const FLOAT = 5126;
const WIDE = 5125;

/** One triangle as the server writes it. */
function triangle(kind = FLOAT): ArrayBuffer {
  const parts = [
    new Float32Array([-3, -4, 0, 3, -4, 0, 0, 4, 0]),
    new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]),
    new Float32Array([0, 1, 1, 1, 0.5, 0]),
    new Uint32Array([0, 1, 2]),
    new Uint8Array([0xff, 0xd8, 0xff, 0xd9]),
  ];
  let at = 0;
  const bufferViews = parts.map(({ byteLength }) => {
    at += byteLength;
    return { byteOffset: at - byteLength, byteLength };
  });
  const accessor = (bufferView: number, componentType: number, count: number) => ({ bufferView, componentType, count });
  const described = {
    accessors: [
      { ...accessor(0, kind, 3), min: [-3, -4, 0], max: [3, 4, 0] },
      accessor(1, FLOAT, 3),
      accessor(2, FLOAT, 3),
      accessor(3, WIDE, 3),
    ],
    bufferViews,
    images: [{ bufferView: 4, mimeType: "image/jpeg" }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, NORMAL: 1, TEXCOORD_0: 2 }, indices: 3 }] }],
  };
  const text = new TextEncoder().encode(JSON.stringify(described).padEnd(1024));
  const content = new Uint8Array(20 + text.length + 8 + at);
  const numbers = new DataView(content.buffer);
  for (const [index, number] of [0x46546c67, 2, content.length, text.length, 0x4e4f534a].entries()) {
    numbers.setUint32(index * 4, number, true);
  }
  content.set(text, 20);
  for (const [index, part] of parts.entries()) {
    content.set(new Uint8Array(part.buffer), 28 + text.length + bufferViews[index]!.byteOffset);
  }
  return content.buffer;
}

it("reads places, triangles, and the picture on them", () => {
  const mesh = meshIn(triangle());
  expect([...mesh.places.slice(0, 3)]).toEqual([-3, -4, 0]);
  expect([...mesh.normals.slice(-3)]).toEqual([0, 0, 1]);
  expect([...mesh.shares.slice(-2)]).toEqual([0.5, 0]);
  expect([...mesh.triangles]).toEqual([0, 1, 2]);
  expect(mesh.radius).toBe(5);
  expect([mesh.picture.size, mesh.picture.type]).toEqual([4, "image/jpeg"]);
});

it("refuses other files", () => {
  expect(() => meshIn(new ArrayBuffer(100))).toThrow("no mesh");
  expect(() => meshIn(new ArrayBuffer(3))).toThrow("no mesh");
  expect(() => meshIn(triangle(5123))).toThrow("another program");
});

it("turns about the upright axis and then tilts", () => {
  const [right, up, near] = [0, 1, 2].map((axis) =>
    [...turned({ turn: 90, tilt: 0, zoom: 1 })].slice(axis * 3, axis * 3 + 3).map((one) => Math.round(one) + 0),
  );
  expect([right, up, near]).toEqual([
    [0, 0, -1],
    [0, 1, 0],
    [1, 0, 0],
  ]);
  const tilted = [...turned({ turn: 0, tilt: 90, zoom: 1 })].map((one) => Math.round(one) + 0);
  expect(tilted.slice(3, 6)).toEqual([0, 0, 1]);
});
