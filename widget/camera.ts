/**
 * From the world to the screen and back. The world is the cube from -1 to 1 into which every map is fitted; y is up.
 * The screen is in CSS pixels from the top left. Two components are seen straight from the front; three are turned by
 * yaw and pitch and seen in perspective.
 */

export interface Camera {
  /** The point of the world, in the turned frame, that is at the middle of the screen. */
  readonly x: number;
  readonly y: number;
  /** 1 shows the whole map; larger is nearer. */
  readonly zoom: number;
  /** Turn about the vertical axis, in radians; 0 for two components. */
  readonly yaw: number;
  /** Turn about the horizontal axis, in radians, from -π/2 to π/2; 0 for two components. */
  readonly pitch: number;
}

export interface Size {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
}

export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
  /** Towards the viewer, in world units; 0 for two components. */
  readonly depth: number;
}

export const flatView: Camera = Object.freeze({ x: 0, y: 0, zoom: 1, yaw: 0, pitch: 0 });
/** Three components are first seen from a little to the side and above, so that depth shows at once. */
export const orbitView: Camera = Object.freeze({ x: 0, y: 0, zoom: 1, yaw: 0.6, pitch: 0.35 });

export const LEAST_ZOOM = 0.25;
export const LARGEST_ZOOM = 400;

/** Share of the smaller side that the world takes at zoom 1; the rest is margin. */
const FIT = 0.88;
/** Distance of the eye from the middle, in half worlds: near enough to show depth, far enough not to distort. */
export const EYE_DISTANCE = 3.4;

/** CSS pixels per world unit. */
export function pixelsPerUnit(camera: Camera, size: Size): number {
  return (Math.min(size.width, size.height) / 2) * FIT * camera.zoom;
}

/** Where a point of the world is seen. */
export function project(camera: Camera, size: Size, x: number, y: number, z = 0): ScreenPoint {
  const scale = pixelsPerUnit(camera, size);
  if (camera.yaw === 0 && camera.pitch === 0) {
    const nearness = z === 0 ? 1 : EYE_DISTANCE / (EYE_DISTANCE - z);
    return {
      x: size.width / 2 + (x * nearness - camera.x) * scale,
      y: size.height / 2 - (y * nearness - camera.y) * scale,
      depth: z,
    };
  }
  const [right, up, depth] = turn(camera, x, y, z);
  const nearness = EYE_DISTANCE / (EYE_DISTANCE - depth);
  return {
    x: size.width / 2 + (right * nearness - camera.x) * scale,
    y: size.height / 2 - (up * nearness - camera.y) * scale,
    depth,
  };
}

/** The point of the plane z = 0, seen straight from the front, that is at a place of the screen. */
export function unproject(
  camera: Camera,
  size: Size,
  x: number,
  y: number,
): { readonly x: number; readonly y: number } {
  const scale = pixelsPerUnit(camera, size);
  return { x: camera.x + (x - size.width / 2) / scale, y: camera.y - (y - size.height / 2) / scale };
}

/** The camera moved by so many CSS pixels, as a hand moves a sheet of paper. */
export function pan(camera: Camera, size: Size, right: number, down: number): Camera {
  const scale = pixelsPerUnit(camera, size);
  return { ...camera, x: camera.x - right / scale, y: camera.y + down / scale };
}

/** The camera nearer by `factor`, with what lies at (x, y) of the screen staying there. */
export function zoomAt(camera: Camera, size: Size, factor: number, x: number, y: number): Camera {
  const zoom = Math.min(LARGEST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * factor));
  const fixed = unproject(camera, size, x, y);
  const moved = { ...camera, zoom };
  const after = unproject(moved, size, x, y);
  return { ...moved, x: camera.x + fixed.x - after.x, y: camera.y + fixed.y - after.y };
}

/** The camera turned as a hand turns a globe, by so many CSS pixels. A drag over the whole height turns by π. */
export function orbit(camera: Camera, size: Size, right: number, down: number): Camera {
  const perPixel = Math.PI / Math.max(1, size.height);
  const pitch = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, camera.pitch + down * perPixel));
  return { ...camera, yaw: camera.yaw + right * perPixel, pitch };
}

/** Part of the way from one camera to another, `t` from 0 to 1; zoom goes by ratio, so that it looks even. */
export function between(from: Camera, to: Camera, t: number): Camera {
  const mix = (a: number, b: number) => a + (b - a) * t;
  return {
    x: mix(from.x, to.x),
    y: mix(from.y, to.y),
    zoom: from.zoom * (to.zoom / from.zoom) ** t,
    yaw: mix(from.yaw, to.yaw),
    pitch: mix(from.pitch, to.pitch),
  };
}

/** The camera that shows a rectangle of the screen as large as it can be. */
export function zoomToRectangle(
  camera: Camera,
  size: Size,
  rectangle: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
): Camera {
  const width = Math.max(1, rectangle.right - rectangle.left);
  const height = Math.max(1, rectangle.bottom - rectangle.top);
  const factor = 0.85 * Math.min(size.width / width, size.height / height);
  const zoom = Math.min(LARGEST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * factor));
  const middle = unproject(
    camera,
    size,
    (rectangle.left + rectangle.right) / 2,
    (rectangle.top + rectangle.bottom) / 2,
  );
  return { ...camera, zoom, x: middle.x, y: middle.y };
}

/** Row-major rotation: first about the vertical axis, then about the horizontal one. */
export function rotation(camera: Camera): readonly number[] {
  const cy = Math.cos(camera.yaw);
  const sy = Math.sin(camera.yaw);
  const cp = Math.cos(camera.pitch);
  const sp = Math.sin(camera.pitch);
  return [cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy];
}

function turn(camera: Camera, x: number, y: number, z: number): [number, number, number] {
  const cy = Math.cos(camera.yaw);
  const sy = Math.sin(camera.yaw);
  const cp = Math.cos(camera.pitch);
  const sp = Math.sin(camera.pitch);
  const depth = -sy * x + cy * z;
  return [cy * x + sy * z, cp * y - sp * depth, sp * y + cp * depth];
}
