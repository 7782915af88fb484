import { LAYERS, type Layer } from "../results";
import { NoGraphics, type Painter, type PictureName, type Pictures, type Scene } from "./painter";
import { linked } from "./program";
import { FRAGMENT, VERTEX } from "./shaders";

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
};

/** Draws by WebGL 2: one triangle over the canvas, whose shader knows all layers. */
export class GlPainter implements Painter {
  readonly kind = "gl";
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly places: Record<string, WebGLUniformLocation | null> = {};
  private readonly textures = new Map<ImageBitmap, WebGLTexture>();
  private readonly sources: ImageBitmap[] = [];

  constructor(private readonly canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
    if (gl === null || gl.isContextLost()) throw new NoGraphics("This browser has no WebGL 2.");
    this.gl = gl;
    this.program = linked(gl, VERTEX, FRAGMENT);
    // biome-ignore lint/correctness/useHookAtTopLevel: it is one of WebGL, not of React
    gl.useProgram(this.program);
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
    gl.uniform1f(this.place("below"), canvas.height);
    for (const scene of scenes) this.scene(scene);
  }

  dispose(): void {
    for (const texture of this.textures.values()) this.gl.deleteTexture(texture);
    this.textures.clear();
    this.gl.deleteProgram(this.program);
  }

  private scene({ pictures, heights, layer, light, look, source, place, from, to }: Scene): void {
    const { gl } = this;
    const name = SHOWN_BY[layer];
    const picture = name === null ? source : pictures[name];
    gl.scissor(from, 0, Math.max(0, to - from), this.canvas.height);
    if (!picture || !pictures.normals) {
      gl.clearColor(16 / 255, 16 / 255, 16 / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      return;
    }
    this.bind(0, pictures.normals, false);
    this.bind(1, picture, name === "albedo");
    gl.uniform4f(this.place("place"), place.left, place.top, place.width, place.height);
    gl.uniform1i(this.place("layer"), LAYERS.indexOf(layer));
    gl.uniform3f(this.place("light"), ...light);
    const [x, y, z] = [light[0], light[1], light[2] + 1];
    const length = Math.hypot(x, y, z) || 1;
    gl.uniform3f(this.place("halfway"), x / length, y / length, z / length);
    gl.uniform1f(this.place("ambient"), look.ambient);
    gl.uniform1f(this.place("specular"), look.specular);
    gl.uniform1f(this.place("steep"), look.exaggeration);
    gl.uniform2f(this.place("heights"), ...heights);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private bind(unit: number, picture: ImageBitmap, coded: boolean): void {
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
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_NEAREST);
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
    const kept = new Set<ImageBitmap>([...this.sources, ...scenes.flatMap(({ pictures }) => all(pictures))]);
    for (const [picture, texture] of this.textures) {
      if (kept.has(picture)) continue;
      this.gl.deleteTexture(texture);
      this.textures.delete(picture);
    }
  }

  private place(name: string): WebGLUniformLocation | null {
    if (!(name in this.places)) this.places[name] = this.gl.getUniformLocation(this.program, name);
    return this.places[name] ?? null;
  }
}

function all(pictures: Pictures): ImageBitmap[] {
  return Object.values(pictures).filter((picture) => picture !== undefined);
}
