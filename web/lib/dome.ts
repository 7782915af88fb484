/** Light directions on a flat map: the zenith (the camera) in the middle, the horizon at the rim. */
export type Direction = [number, number, number];

export interface Spot {
  x: number;
  y: number;
}

const QUARTER = Math.PI / 2;

/** Where a direction lies on a map of radius 1; y points down as on screens. */
export function spotOf([x, y, z]: Direction): Spot {
  const flat = Math.hypot(x, y);
  if (flat === 0) return { x: 0, y: 0 };
  const radius = Math.atan2(flat, z) / QUARTER;
  return { x: (x / flat) * radius, y: (-y / flat) * radius };
}

/** The direction under a place of the map; outside the rim it is at the horizon. */
export function directionOf({ x, y }: Spot): Direction {
  const radius = Math.min(1, Math.hypot(x, y));
  const angle = Math.atan2(-y, x);
  const tilt = radius * QUARTER;
  return rounded([Math.sin(tilt) * Math.cos(angle), Math.sin(tilt) * Math.sin(angle), Math.cos(tilt)]);
}

/** Degrees around, from the right counter-clockwise, and up from the horizon. */
export function anglesOf([x, y, z]: Direction): { azimuth: number; elevation: number } {
  const azimuth = ((Math.atan2(y, x) * 180) / Math.PI + 360) % 360;
  const elevation = (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI;
  return { azimuth: Math.round(azimuth) % 360, elevation: Math.round(elevation) };
}

export function fromAngles(azimuth: number, elevation: number): Direction {
  const around = (azimuth * Math.PI) / 180;
  const up = (elevation * Math.PI) / 180;
  return rounded([Math.cos(up) * Math.cos(around), Math.cos(up) * Math.sin(around), Math.sin(up)]);
}

function rounded(direction: Direction): Direction {
  // Adding 0 turns -0 into 0.
  return direction.map((part) => Math.round(part * 1e6) / 1e6 + 0) as Direction;
}

/** The lights in a calm order: from the zenith outwards, each ring around. */
export function ringOrder<L extends { direction: Direction | null }>(lights: L[]): L[] {
  const key = (light: L) => {
    if (!light.direction) return [9, 0] as const;
    const { azimuth, elevation } = anglesOf(light.direction);
    return [Math.round((90 - elevation) / 15), azimuth] as const;
  };
  return [...lights].sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1]);
}
