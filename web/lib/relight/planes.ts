/** A set as it was measured: planes of coefficients whose sum under a light is the picture, as RTI viewers read them. */
import type { Direction } from "../dome";

/** `info.json`, as far as it is read here. */
export interface PlanesInfo {
  width: number;
  height: number;
  type: "ptm" | "hsh" | "bilinear";
  colorspace: "rgb" | "lrgb" | "mrgb";
  nplanes: number;
  materials: { scale: number[]; bias: number[]; range?: number[] }[];
  resolution?: number;
  basis?: number[];
}

/** What each plane counts under a light. */
export interface Weights {
  /** A matrix for each picture of three planes, column by column. */
  matrices: Float32Array;
  /** The colour that is there without any plane. */
  base: [number, number, number];
}

export class Planes {
  readonly count: number;
  readonly scale: number[];
  readonly bias: number[];
  private readonly luminance: boolean;

  constructor(
    readonly info: PlanesInfo,
    /** Each holds three planes. */
    readonly pictures: readonly ImageBitmap[],
  ) {
    this.count = info.nplanes / 3;
    this.scale = info.materials[0]!.scale;
    this.bias = info.materials[0]!.bias;
    this.luminance = info.colorspace === "lrgb";
  }

  weights(light: Direction): Weights {
    const matrices = new Float32Array(9 * this.count);
    const { info } = this;
    if (info.colorspace === "mrgb") {
      const found = between(info, light);
      matrices.set(found.subarray(3));
      return { matrices, base: [found[0]!, found[1]!, found[2]!] };
    }
    const terms = info.type === "hsh" ? harmonics(light) : polynomial(light);
    for (let plane = 0; plane < this.count; plane++) {
      for (let colour = 0; colour < 3; colour++) {
        if (!this.luminance) matrices[9 * plane + 4 * colour] = terms[plane]!;
        else if (plane > 0) {
          const at = 9 * plane + 3 * colour;
          matrices.fill(terms[3 * (plane - 1) + colour]!, at, at + 3);
        }
      }
    }
    return { matrices, base: [0, 0, 0] };
  }

  /** The shader that sums them. */
  get fragment(): string {
    const { count, luminance } = this;
    const all = Array.from({ length: count }, (_, plane) => plane);
    return `#version 300 es
precision highp float;
uniform vec4 place;
uniform float below;
uniform vec3 base;
uniform mat3 matrices[${count}];
uniform vec3 bias[${count}];
uniform vec3 scale[${count}];
${all.map((plane) => `uniform sampler2D plane${plane};`).join("\n")}
out vec4 colour;

void main() {
  vec2 at = (vec2(gl_FragCoord.x, below - gl_FragCoord.y) - place.xy) / place.zw;
  colour = vec4(vec3(${16 / 255}), 1.0);
  if (at.x < 0.0 || at.y < 0.0 || at.x > 1.0 || at.y > 1.0) return;
  vec3 sum = base, tint = vec3(1.0), found;
${all
  .map(
    (plane) => `  found = (texture(plane${plane}, at).rgb - bias[${plane}]) * scale[${plane}];
  ${luminance && plane === 0 ? "tint = found;" : `sum += matrices[${plane}] * found;`}`,
  )
  .join("\n")}
  colour = vec4(sum * tint, 1.0);
}`;
  }

  /** Sum the bytes of the pictures, all of one size, into those of one picture. */
  paint(into: Uint8ClampedArray, pictures: readonly Uint8ClampedArray[], light: Direction): void {
    const { matrices: m, base } = this.weights(light);
    const { scale, bias, count, luminance } = this;
    const value = (plane: number, at: number, part: number) =>
      (pictures[plane]![at + part]! / 255 - bias[3 * plane + part]!) * scale[3 * plane + part]!;
    for (let at = 0; at < into.length; at += 4) {
      const sum = [...base];
      for (let plane = luminance ? 1 : 0; plane < count; plane++) {
        for (let part = 0; part < 3; part++) {
          const one = value(plane, at, part);
          for (let to = 0; to < 3; to++) sum[to]! += m[9 * plane + 3 * part + to]! * one;
        }
      }
      for (let part = 0; part < 3; part++) into[at + part] = 255 * sum[part]! * (luminance ? value(0, at, part) : 1);
      into[at + 3] = 255;
    }
  }
}

function polynomial([u, v]: Direction): number[] {
  return [1, u, v, u * u, u * v, v * v];
}

function harmonics([x, y, z]: Direction): number[] {
  const around = Math.atan2(y, x);
  const cos = Math.cos(Math.min(Math.acos(Math.min(1, z)), Math.PI / 2 - 0.15));
  const lean = Math.sqrt(Math.max(0, cos - cos * cos));
  const rise = 2 * cos - 1;
  const root = (n: number) => Math.sqrt(n / Math.PI);
  return [
    root(0.5),
    root(6) * Math.cos(around) * lean,
    root(1.5) * rise,
    root(6) * Math.sin(around) * lean,
    -root(30) * Math.cos(2 * around) * lean * lean,
    root(30) * Math.cos(around) * rise * lean,
    root(2.5) * (1 - 6 * cos + 6 * cos * cos),
    root(30) * Math.sin(around) * rise * lean,
    -root(30) * Math.sin(2 * around) * lean * lean,
  ];
}

/** Between the four nodes of the octahedron that lie around a light: what all planes count for each colour. */
function between({ nplanes, resolution, basis, materials }: PlanesInfo, [x, y, z]: Direction): Float32Array {
  const side = resolution ?? 2;
  const range = materials[0]!.range ?? [];
  const total = Math.abs(x) + Math.abs(y) + Math.abs(z) || 1;
  const right = (((x + y) / total + 1) / 2) * (side - 1);
  const up = (((y - x) / total + 1) / 2) * (side - 1);
  const column = Math.max(0, Math.min(side - 2, Math.floor(right)));
  const row = Math.max(0, Math.min(side - 2, Math.floor(up)));
  const found = new Float32Array(3 * (nplanes + 1));
  for (const [dy, dx] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    const share = (dx ? right - column : 1 - right + column) * (dy ? up - row : 1 - up + row);
    const node = (row + dy) * side + column + dx;
    for (let plane = 0; plane <= nplanes; plane++) {
      for (let colour = 0; colour < 3; colour++) {
        const coded = basis?.[(plane * side * side + node) * 3 + colour] ?? 127;
        found[3 * plane + colour]! += share * (plane ? (coded - 127) / range[plane - 1]! : coded / 255);
      }
    }
  }
  return found;
}
