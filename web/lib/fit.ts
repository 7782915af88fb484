/** Where a picture lies in a box, in the box's own pixels. */
export interface Placement {
  scale: number;
  left: number;
  top: number;
}

export type Zoom = "fit" | 1 | 2;

/** A point of a picture: from 0 to 1 across and down. */
export interface Point {
  x: number;
  y: number;
}

/**
 * Place a picture of `width` x `height` into a box: whole, or at so many box pixels per picture pixel around `centre`,
 * without leaving more empty room than needed.
 */
export function place(
  box: { width: number; height: number },
  width: number,
  height: number,
  zoom: "fit" | number = "fit",
  centre: Point = { x: 0.5, y: 0.5 },
): Placement {
  const fitting = Math.min(box.width / width, box.height / height);
  const scale = zoom === "fit" ? fitting : zoom;
  const along = (room: number, size: number, at: number) => {
    const extent = size * scale;
    if (extent <= room) return (room - extent) / 2;
    return Math.min(0, Math.max(room - extent, room / 2 - at * extent));
  };
  return { scale, left: along(box.width, width, centre.x), top: along(box.height, height, centre.y) };
}

/** The point of the picture under a point of the box, or the nearest one. */
export function pointAt(placement: Placement, width: number, height: number, x: number, y: number): Point {
  const across = (x - placement.left) / (width * placement.scale);
  const down = (y - placement.top) / (height * placement.scale);
  return within({ x: across, y: down });
}

/** The point of the picture under a point of the box; null where the box is empty. */
export function pointOn(placement: Placement, width: number, height: number, x: number, y: number): Point | null {
  const across = (x - placement.left) / (width * placement.scale);
  const down = (y - placement.top) / (height * placement.scale);
  return across < 0 || across > 1 || down < 0 || down > 1 ? null : { x: across, y: down };
}

/** The nearest point that lies on the picture. */
export function within({ x, y }: Point): Point {
  return { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
}
