/** Meshes as glTF in one file: what a surface's `mesh.glb` holds. */

const MAGIC = 0x46546c67;
const JSON_PART = 0x4e4f534a;
const FLOAT = 5126;
const WIDE = 5125;

export interface Mesh {
  /** x right, y up, z to the camera; around zero. */
  places: Float32Array;
  normals: Float32Array;
  /** Where in the picture each place is, from its upper left corner, 0 to 1. */
  shares: Float32Array;
  triangles: Uint32Array;
  /** The radius of the sphere around zero that holds all of it. */
  radius: number;
  picture: Blob;
}

interface Accessor {
  bufferView: number;
  componentType: number;
  count: number;
  min?: number[];
  max?: number[];
}

interface Described {
  accessors: Accessor[];
  bufferViews: { byteOffset?: number; byteLength: number }[];
  images: { bufferView: number; mimeType: string }[];
  meshes: { primitives: { attributes: Record<string, number>; indices: number }[] }[];
}

/** The mesh in a file as the server writes it; throws an Error where it is another file. */
export function meshIn(content: ArrayBuffer): Mesh {
  const numbers = new DataView(content);
  if (content.byteLength < 28 || numbers.getUint32(0, true) !== MAGIC || numbers.getUint32(16, true) !== JSON_PART) {
    throw new Error("This is no mesh as Tetherlight writes it.");
  }
  const told = numbers.getUint32(12, true);
  const described = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 20, told))) as Described;
  const body = 20 + told + 8;
  const primitive = described.meshes[0]!.primitives[0]!;
  const part = (view: number) => {
    const { byteOffset = 0, byteLength } = described.bufferViews[view]!;
    return { from: body + byteOffset, bytes: byteLength };
  };
  const accessor = (index: number | undefined, kind: number) => {
    const one = described.accessors[index ?? -1];
    if (one?.componentType !== kind) throw new Error("This mesh was written by another program.");
    return one;
  };
  const floats = (name: string, each: number) => {
    const { bufferView, count } = accessor(primitive.attributes[name], FLOAT);
    return new Float32Array(content, part(bufferView).from, count * each);
  };
  const { bufferView, count } = accessor(primitive.indices, WIDE);
  const { min = [0, 0, 0], max = [0, 0, 0] } = accessor(primitive.attributes.POSITION, FLOAT);
  const image = described.images[0]!;
  const { from, bytes } = part(image.bufferView);
  return {
    places: floats("POSITION", 3),
    normals: floats("NORMAL", 3),
    shares: floats("TEXCOORD_0", 2),
    triangles: new Uint32Array(content, part(bufferView).from, count),
    radius: Math.hypot(...min.map((low, axis) => Math.max(Math.abs(low), Math.abs(max[axis]!)))),
    picture: new Blob([new Uint8Array(content, from, bytes)], { type: image.mimeType }),
  };
}
