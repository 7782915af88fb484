import { LAYERS, type Layer, TILED } from "../results";
import { NoGraphics, type Painter, type PictureName, type Pictures, type Scene } from "./painter";
import type { Planes } from "./planes";
import { linked } from "./program";
import { FRAGMENT, VERTEX } from "./shaders";
import type { Rect } from "./tiles";

/** Photographs that stay on the graphics processor at most; each is some megabytes. */
const MOST_SOURCES = 12;
const SHOWN_BY: Record<Layer, PictureName | null> = {
  relit: "albedo",
  normals: "normals",
  albedo: "albedo",
  shaded: "normals",
  height: "height",
  residual: "residual",
  source: null,
  measured: null,
};

/** Draws by WebGL 2: one triangle over the canvas, whose shader knows all layers. */
export class GlPainter implements Painter {
  readonly kind = "gl";
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly summing = new Map<Planes, WebGLProgram>();
  private readonly places = new Map<WebGLProgram, Record<string, WebGLUniformLocation | null>>();
  private used: WebGLProgram | null = null;
  private readonly textures = new Map<ImageBitmap, WebGLTexture>();
  private readonly sources: ImageBitmap[] = [];

  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
    if (gl === null || gl.isContextLost()) throw new NoGraphics("This browser has no WebGL 2.");
    this.gl = gl;
    this.program = linked(gl, VERTEX, FRAGMENT);
    this.take(this.program);
    gl.uniform1i(this.place("normals"), 0);
    gl.uniform1i(this.place("picture"), 1);
    gl.enable(gl.SCISSOR_TEST);
  }

  /** The longest edge that a picture may have here. */
  get longest(): number {
    return this.gl.getParameter(this.gl.MAX_TEXTURE_SIZE) as number;
  }

  draw(scenes: Scene[]): void {
    const { gl, canvas } = this;
    if (gl.isContextLost()) throw new NoGraphics("The graphics processor was lost.");
    this.forget(scenes);
    gl.viewport(0, 0, canvas.width, canvas.height);
    for (const scene of scenes) {
      if (scene.layer === "measured") this.measured(scene);
      else this.scene(scene);
    }
  }

  dispose(): void {
    for (const texture of this.textures.values()) this.gl.deleteTexture(texture);
    this.textures.clear();
    this.gl.deleteProgram(this.program);
    for (const program of this.summing.values()) this.gl.deleteProgram(program);
    this.summing.clear();
  }

  private scene(scene: Scene): void {
    const { gl } = this;
    const { pictures, heights, layer, light, look, source, from, to } = scene;
    const name = SHOWN_BY[layer];
    const picture = name === null ? source : pictures[name];
    gl.scissor(from, 0, Math.max(0, to - from), this.canvas.height);
    if (!picture || !pictures.normals) {
      this.clear();
      return;
    }
    this.take(this.program);
    gl.uniform1f(this.place("below"), this.canvas.height);
    gl.uniform1i(this.place("layer"), LAYERS.indexOf(layer));
    gl.uniform3f(this.place("light"), ...light);
    const [x, y, z] = [light[0], light[1], light[2] + 1];
    const length = Math.hypot(x, y, z) || 1;
    gl.uniform3f(this.place("halfway"), x / length, y / length, z / length);
    gl.uniform1f(this.place("ambient"), look.ambient);
    gl.uniform1f(this.place("specular"), look.specular);
    gl.uniform1f(this.place("steep"), look.exaggeration);
    gl.uniform2f(this.place("heights"), ...heights);
    const tiled = TILED.includes(layer);
    // Each pixel that is drawn twice is felt where no graphics processor is.
    if (tiled && scene.covered) this.clear();
    else this.part(pictures.normals, picture, name === "albedo", scene.place, false);
    if (tiled) for (const tile of scene.tiles) this.tile(scene, tile, name === "albedo");
  }

  /** Draw a tile over what lies there, and nothing beside it. */
  private tile(scene: Scene, tile: Scene["tiles"][number], coded: boolean): void {
    const { normals, albedo } = tile.content;
    const at = normals && albedo && this.within(scene, tile);
    if (at) this.part(normals, coded ? albedo : normals, coded, at, true);
  }

  /** Draw nothing beside a tile from now on; return where it lies, null where nothing of it is seen. */
  private within(scene: Scene, tile: Rect): Scene["place"] | null {
    const { gl, canvas } = this;
    const { place } = scene;
    const [left, top] = [place.left + tile.left * place.width, place.top + tile.top * place.height];
    const at = { left, top, width: tile.width * place.width, height: tile.height * place.height };
    const [from, to] = [Math.max(scene.from, Math.round(left)), Math.min(scene.to, Math.round(left + at.width))];
    const [upper, lower] = [Math.max(0, Math.round(top)), Math.min(canvas.height, Math.round(top + at.height))];
    if (to <= from || lower <= upper) return null;
    gl.scissor(from, canvas.height - lower, to - from, lower - upper);
    return at;
  }

  private part(normals: ImageBitmap, own: ImageBitmap, coded: boolean, place: Scene["place"], tile: boolean): void {
    const { gl } = this;
    this.bind(0, normals, false, tile);
    this.bind(1, own, coded, tile);
    gl.uniform1i(this.place("tile"), Number(tile));
    gl.uniform4f(this.place("place"), place.left, place.top, place.width, place.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Sum the planes of what was measured. */
  private measured(scene: Scene): void {
    const { gl } = this;
    const { planes, light, from, to } = scene;
    gl.scissor(from, 0, Math.max(0, to - from), this.canvas.height);
    if (!planes) {
      this.clear();
      return;
    }
    let program = this.summing.get(planes);
    if (!program) {
      program = linked(gl, VERTEX, planes.fragment);
      this.summing.set(planes, program);
    }
    this.take(program);
    const { matrices, base } = planes.weights(light);
    gl.uniform1f(this.place("below"), this.canvas.height);
    gl.uniform3f(this.place("base"), ...base);
    gl.uniformMatrix3fv(this.place("matrices"), false, matrices);
    gl.uniform3fv(this.place("bias"), planes.bias);
    gl.uniform3fv(this.place("scale"), planes.scale);
    this.sum(planes.pictures, scene.place, false);
    for (const tile of scene.planeTiles) {
      const at = this.within(scene, tile);
      if (at) this.sum(tile.content, at, true);
    }
  }

  private sum(pictures: readonly ImageBitmap[], place: Scene["place"], tile: boolean): void {
    const { gl } = this;
    pictures.forEach((picture, unit) => {
      this.bind(unit, picture, false, tile);
      gl.uniform1i(this.place(`plane${unit}`), unit);
    });
    gl.uniform4f(this.place("place"), place.left, place.top, place.width, place.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private clear(): void {
    this.gl.clearColor(16 / 255, 16 / 255, 16 / 255, 1);
    this.gl.clear(this.gl.COLOR_BUFFER_BIT);
  }

  private take(program: WebGLProgram): void {
    if (this.used === program) return;
    this.used = program;
    // biome-ignore lint/correctness/useHookAtTopLevel: it is one of WebGL, not of React
    this.gl.useProgram(program);
  }

  private bind(unit: number, picture: ImageBitmap, coded: boolean, plain = false): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + unit);
    const known = this.textures.get(picture);
    if (known) {
      gl.bindTexture(gl.TEXTURE_2D, known);
      return;
    }
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, coded ? gl.SRGB8_ALPHA8 : gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, picture);
    // A tile is never drawn much smaller than it is.
    if (!plain) gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, plain ? gl.LINEAR : gl.LINEAR_MIPMAP_NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    if (texture) this.textures.set(picture, texture);
  }

  /** Let go of what is not shown any more: other surfaces at once, photographs where there are many. */
  private forget(scenes: Scene[]): void {
    for (const { source } of scenes) {
      if (source === null) continue;
      const at = this.sources.indexOf(source);
      if (at >= 0) this.sources.splice(at, 1);
      this.sources.push(source);
    }
    this.sources.splice(0, Math.max(0, this.sources.length - MOST_SOURCES));
    const kept = new Set<ImageBitmap>([
      ...this.sources,
      ...scenes.flatMap(({ pictures, tiles, planes, planeTiles }) => [
        ...all(pictures),
        ...tiles.flatMap(({ content }) => all(content)),
        ...(planes?.pictures ?? []),
        ...planeTiles.flatMap(({ content }) => content),
      ]),
    ]);
    for (const [planes, program] of this.summing) {
      if (scenes.some((scene) => scene.planes === planes)) continue;
      this.gl.deleteProgram(program);
      this.summing.delete(planes);
      this.places.delete(program);
      if (this.used === program) this.used = null;
    }
    for (const [picture, texture] of this.textures) {
      if (kept.has(picture)) continue;
      this.gl.deleteTexture(texture);
      this.textures.delete(picture);
    }
  }

  private place(name: string): WebGLUniformLocation | null {
    const program = this.used!;
    const known = this.places.get(program) ?? {};
    this.places.set(program, known);
    if (!(name in known)) known[name] = this.gl.getUniformLocation(program, name);
    return known[name] ?? null;
  }
}

function all(pictures: Pictures): ImageBitmap[] {
  return Object.values(pictures).filter((picture) => picture !== undefined);
}
