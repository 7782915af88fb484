import { ALTITUDE, CLAY, HEAT, LEVELS_PER_PERCENT, RESIDUAL_SHOWN, SHINE, STRENGTH } from "../shading";
import { MAT } from "./painter";

type Map = readonly (readonly [number, number, number])[];

const list = (map: Map) => map.map((colour) => `vec3(${colour.map((part) => (part / 255).toFixed(4))})`).join(", ");

export const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

/** The layers are numbered as in LAYERS. */
export const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D normals;
uniform sampler2D picture;
uniform vec4 place;
uniform float below;
uniform int layer;
uniform bool tile;
uniform vec3 light;
uniform vec3 halfway;
uniform float ambient;
uniform float specular;
uniform float steep;
uniform vec2 heights;
out vec4 colour;

const vec3 HEAT[5] = vec3[5](${list(HEAT)});
const vec3 ALTITUDE[5] = vec3[5](${list(ALTITUDE)});

vec3 heat(float share) {
  float at = clamp(share, 0.0, 1.0) * 4.0;
  int low = min(3, int(at));
  return mix(HEAT[low], HEAT[low + 1], at - float(low));
}

vec3 altitude(float share) {
  float at = clamp(share, 0.0, 1.0) * 4.0;
  int low = min(3, int(at));
  return mix(ALTITUDE[low], ALTITUDE[low + 1], at - float(low));
}

// sRGB within half a level of eight bits; roots are several times faster than a power where no graphics processor is.
vec3 coded(vec3 linear) {
  vec3 held = clamp(linear, 0.0, 1.0);
  vec3 second = sqrt(held), fourth = sqrt(second), eighth = sqrt(fourth);
  vec3 curved = 0.662002687 * second + 0.684122060 * fourth - 0.323583601 * eighth - 0.0225411470 * held;
  return mix(held * 12.92, curved, step(0.0031308, held));
}

vec3 shone(vec3 own, vec3 facing) {
  float cosine = max(0.0, dot(facing, light));
  vec3 lit = own * (ambient + ${STRENGTH.toFixed(3)} * (1.0 - ambient) * cosine);
  if (specular > 0.0 && cosine > 0.0) lit += specular * pow(max(0.0, dot(facing, halfway)), ${SHINE.toFixed(1)});
  return coded(lit);
}

void main() {
  vec2 at = (vec2(gl_FragCoord.x, below - gl_FragCoord.y) - place.xy) / place.zw;
  colour = vec4(vec3(${MAT.toFixed(5)}), 1.0);
  if (at.x < 0.0 || at.y < 0.0 || at.x > 1.0 || at.y > 1.0) return;
  vec4 own = texture(picture, at);
  if (layer == 6) {
    colour = vec4(own.rgb, 1.0);
    return;
  }
  vec4 found = texture(normals, at);
  vec3 facing = found.rgb * 2.0 - 1.0;
  // A tile has no alpha: where there is no normal it is gray.
  if (tile) found.a = smoothstep(0.15, 0.5, length(facing));
  facing = normalize(facing + vec3(0.0, 0.0, 1e-5));
  vec3 shown;
  if (layer == 0 || layer == 3) {
    vec3 risen = normalize(vec3(facing.xy * steep, facing.z));
    shown = shone(layer == 0 ? own.rgb : vec3(${CLAY.toFixed(3)}), risen);
  } else if (layer == 1) {
    shown = facing * 0.5 + 0.5;
  } else if (layer == 2) {
    shown = coded(own.rgb);
  } else if (layer == 4) {
    float share = (own.r * 65280.0 + own.g * 255.0) / 65535.0 / max(own.a, 1e-3);
    float hill = 0.78 + 0.42 * (dot(normalize(vec3(facing.xy * max(steep, 1.0), facing.z)), vec3(-0.5, 0.5, 0.7071)) - 0.7071);
    share = (share - heights.x) / max(heights.y - heights.x, 1e-6);
    shown = altitude(share) * clamp(hill + 0.2, 0.35, 1.15);
  } else {
    shown = heat(own.r * 255.0 / ${(LEVELS_PER_PERCENT * RESIDUAL_SHOWN).toFixed(1)});
  }
  colour = vec4(mix(vec3(${MAT.toFixed(5)}), shown, found.a), 1.0);
}`;
