import type { Mesh } from "../glb";
import { NoGraphics } from "./painter";
import { linked } from "./program";

/** From where a mesh is looked at: turned about its upright axis, then tilted, in degrees; `zoom` 1 shows all of it. */
export interface Pose {
  turn: number;
  tilt: number;
  zoom: number;
}

const VERTEX = `#version 300 es
in vec3 place;
in vec3 normal;
in vec2 share;
uniform mat3 pose;
uniform vec3 size;
out vec3 facing;
out vec2 at;
void main() {
  vec3 seen = pose * place;
  gl_Position = vec4(seen.xy * size.xy, -seen.z * size.z, 1.0);
  facing = normal;
  at = share;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 facing;
in vec2 at;
uniform sampler2D picture;
uniform vec3 light;
out vec4 colour;
void main() {
  vec3 normal = normalize(facing) * (gl_FrontFacing ? 1.0 : -1.0);
  float shone = 0.2 + 1.1 * max(0.0, dot(normal, light));
  colour = vec4(pow(clamp(texture(picture, at).rgb * shone, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}`;

const MAT = 16 / 255;

/** Draws a mesh by WebGL 2, without perspective; throws NoGraphics where there is none. */
export class MeshPainter {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly count: number;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly mesh: Mesh,
    picture: ImageBitmap,
  ) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: true, depth: true });
    if (gl === null || gl.isContextLost()) throw new NoGraphics("This browser has no WebGL 2.");
    this.gl = gl;
    this.program = linked(gl, VERTEX, FRAGMENT);
    // biome-ignore lint/correctness/useHookAtTopLevel: it is one of WebGL, not of React
    gl.useProgram(this.program);
    this.attribute("place", mesh.places, 3);
    this.attribute("normal", mesh.normals, 3);
    this.attribute("share", mesh.shares, 2);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.STATIC_DRAW);
    this.count = mesh.triangles.length;
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.SRGB8_ALPHA8, gl.RGBA, gl.UNSIGNED_BYTE, picture);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(MAT, MAT, MAT, 1);
  }

  /** Draw it as it is seen from a pose, under a light that is fixed to it. */
  draw(pose: Pose, light: readonly [number, number, number]): void {
    const { gl, canvas, mesh } = this;
    if (gl.isContextLost()) return;
    const { width, height } = canvas;
    const scale = pose.zoom / mesh.radius;
    const short = Math.min(width, height);
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix3fv(gl.getUniformLocation(this.program, "pose"), false, turned(pose));
    gl.uniform3f(
      gl.getUniformLocation(this.program, "size"),
      (scale * short) / width,
      (scale * short) / height,
      1 / (mesh.radius * 1.01),
    );
    gl.uniform3f(gl.getUniformLocation(this.program, "light"), ...light);
    gl.drawElements(gl.TRIANGLES, this.count, gl.UNSIGNED_INT, 0);
  }

  /** Let go of all that lies on the graphics processor. */
  dispose(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private attribute(name: string, values: Float32Array, each: number): void {
    const { gl } = this;
    const at = gl.getAttribLocation(this.program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, each, gl.FLOAT, false, 0, 0);
  }
}

/** The matrix of a pose, column by column. */
export function turned({ turn, tilt }: Pose): Float32Array {
  const [a, b] = [(turn * Math.PI) / 180, (tilt * Math.PI) / 180];
  const [ca, sa, cb, sb] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
  return new Float32Array([ca, sb * sa, -cb * sa, 0, cb, sb, sa, -sb * ca, cb * ca]);
}
