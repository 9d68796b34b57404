/** What lies above the points: lines between them, rings, the lasso. Few things, so a 2-D canvas draws them. */
import type { Way, World } from '../bundleLines.ts';
import { type Camera, project, type Size } from '../camera.ts';
import type { Points } from '../points.ts';

/** Something drawn at points of the map, in the order in which it is given. */
export type Shape = LineShape | RingShape | TextShape | PictureShape;

export interface LineShape {
  readonly kind: 'line';
  readonly from: number;
  readonly to: number;
  readonly color: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly opacity: number;
  readonly dashed?: boolean;
  /** Whether an arrowhead points at `to`. */
  readonly arrow?: boolean;
  /** Where it passes; absent: it is straight. */
  readonly way?: Way | null;
  /** Upon the middle of the line, or of an arrow nearer to its head. */
  readonly text?: string;
}

export interface RingShape {
  readonly kind: 'ring';
  readonly at: number;
  /** In CSS pixels, as is the width. */
  readonly radius: number;
  readonly color: string;
  readonly width: number;
}

/** Words at a place of the screen. */
export interface TextShape {
  readonly kind: 'text';
  readonly text: string;
  /** The middle, in CSS pixels. */
  readonly x: number;
  readonly y: number;
  readonly color: string;
  /** Of the rim, which keeps the letters apart from what is behind them. */
  readonly halo: string;
  /** As CSS writes it. */
  readonly font: string;
}

/** A picture at a place of the screen. */
export interface PictureShape {
  readonly kind: 'picture';
  readonly image: HTMLImageElement;
  /** The middle, in CSS pixels, as is the longest edge. */
  readonly x: number;
  readonly y: number;
  readonly edge: number;
}

const HALO_PX = 4;
/** Around a picture, so that it comes apart from others. */
const FRAME_PX = 1.5;

const ARROW_PX = 9;
/** Where words stand upon an arrow, from 0 at its beginning to 1 at its head. */
const ARROW_TEXT_SHARE = 0.66;
/** An arrow ends before the point at which it points. */
const ARROW_GAP_PX = 5;

export interface Marks {
  readonly points: Points | null;
  readonly camera: Camera;
  readonly size: Size;
  /** Under the pointer; -1: none. */
  readonly hovered: number;
  /** Chosen by click or keyboard; -1: none. */
  readonly current: number;
  readonly shapes: readonly Shape[];
  /** Being drawn by the user: x, y, x, y, … in CSS pixels; empty: none. */
  readonly lasso: readonly number[];
  readonly lassoKind: 'freehand' | 'rectangle';
  readonly ink: string;
  readonly accent: string;
  readonly ground: string;
}

/** Draws the marks on an empty canvas. */
export function drawOverlay(canvas: HTMLCanvasElement, marks: Marks): void {
  const ratio = globalThis.devicePixelRatio;
  const width = Math.round(marks.size.width * ratio);
  const height = Math.round(marks.size.height * ratio);
  const { points } = marks;
  const isBare = points === null || (marks.shapes.length === 0 && marks.current < 0 && marks.hovered < 0);
  const isEmpty = marks.lasso.length < 4 && isBare;
  if (isEmpty) {
    // Chromium (147, software canvas) forgets a frame in which nothing is drawn after `clearRect`, and what was there
    // before stays. A canvas without a size shows nothing, surely.
    if (canvas.width !== 0) canvas.width = 0;
    return;
  }
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, marks.size.width, marks.size.height);
  if (points !== null) drawShapes(context, points, marks);
  if (marks.lasso.length >= 4) {
    context.beginPath();
    for (let i = 0; i < marks.lasso.length; i += 2) context.lineTo(marks.lasso[i] ?? 0, marks.lasso[i + 1] ?? 0);
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = marks.accent;
    context.fill();
    context.globalAlpha = 1;
    context.setLineDash(marks.lassoKind === 'freehand' ? [] : [5, 4]);
    context.lineWidth = 1.5;
    context.strokeStyle = marks.accent;
    context.stroke();
    context.setLineDash([]);
  }
}

function drawShapes(context: CanvasRenderingContext2D, points: Points, marks: Marks): void {
  const place = (index: number) =>
    project(marks.camera, marks.size, points.x[index] ?? 0, points.y[index] ?? 0, points.z[index] ?? 0);
  const ring = ({ at, radius, color, width }: Omit<RingShape, 'kind'>) => {
    const { x, y } = place(at);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = width + 2;
    context.strokeStyle = marks.ground;
    context.stroke();
    context.lineWidth = width;
    context.strokeStyle = color;
    context.stroke();
  };
  for (const shape of marks.shapes) {
    if (shape.kind === 'ring') ring(shape);
    else if (shape.kind === 'text') drawText(context, shape);
    else if (shape.kind === 'picture') drawPicture(context, shape, marks.ground);
    else {
      const way = shape.way?.map((at: World) => project(marks.camera, marks.size, ...at)) ?? null;
      drawLine(context, place(shape.from), place(shape.to), way, shape, marks);
    }
  }
  const { current, hovered } = marks;
  if (current >= 0) ring({ at: current, radius: 8, color: marks.accent, width: 2.5 });
  if (hovered >= 0 && hovered !== current) ring({ at: hovered, radius: 7, color: marks.ink, width: 1.75 });
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function drawText(context: CanvasRenderingContext2D, { text, x, y, color, halo, font }: TextShape): void {
  context.font = font;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  context.lineWidth = HALO_PX;
  context.strokeStyle = halo;
  context.globalAlpha = 0.9;
  context.strokeText(text, x, y);
  context.globalAlpha = 1;
  context.fillStyle = color;
  context.fillText(text, x, y);
}

function drawPicture(context: CanvasRenderingContext2D, { image, x, y, edge }: PictureShape, ground: string): void {
  const { naturalWidth, naturalHeight } = image;
  const scale = edge / Math.max(1, naturalWidth, naturalHeight);
  const [width, height] = [naturalWidth * scale, naturalHeight * scale];
  context.fillStyle = ground;
  context.globalAlpha = 0.85;
  context.fillRect(x - width / 2 - FRAME_PX, y - height / 2 - FRAME_PX, width + 2 * FRAME_PX, height + 2 * FRAME_PX);
  context.globalAlpha = 1;
  context.drawImage(image, x - width / 2, y - height / 2, width, height);
}

/** @param way the inner control points of a curve; null: straight */
function drawLine(
  context: CanvasRenderingContext2D,
  from: Place,
  to: Place,
  way: readonly Place[] | null,
  line: LineShape,
  marks: Marks,
): void {
  // A straight line is the curve whose control points lie upon it.
  const [first = mix(from, to, 1 / 3), second = mix(from, to, 2 / 3)] = way ?? [];
  const length = Math.hypot(to.x - second.x, to.y - second.y);
  const gap = line.arrow === true && length > 2 * ARROW_GAP_PX ? ARROW_GAP_PX / length : 0;
  const end = mix(to, second, gap);
  context.globalAlpha = line.opacity;
  context.lineWidth = line.width;
  context.strokeStyle = line.color;
  context.setLineDash(line.dashed === true ? [5, 4] : []);
  context.beginPath();
  context.moveTo(from.x, from.y);
  if (way === null) context.lineTo(end.x, end.y);
  else context.bezierCurveTo(first.x, first.y, second.x, second.y, end.x, end.y);
  context.stroke();
  context.setLineDash([]);
  if (line.arrow === true && length > 0) {
    const angle = Math.atan2(to.y - second.y, to.x - second.x);
    context.fillStyle = line.color;
    context.beginPath();
    context.moveTo(end.x, end.y);
    for (const side of [-0.42, 0.42])
      context.lineTo(end.x - ARROW_PX * Math.cos(angle + side), end.y - ARROW_PX * Math.sin(angle + side));
    context.fill();
  }
  context.globalAlpha = 1;
  if (line.text === undefined) return;
  context.font = '12px system-ui, sans-serif';
  // Words that are longer than their line would hide what it joins.
  if (context.measureText(line.text).width > Math.hypot(to.x - from.x, to.y - from.y)) return;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = marks.ground;
  // Of two arrows that lead to and fro, each has its words nearer to its head.
  const middle = onCurve([from, first, second, to], line.arrow === true ? ARROW_TEXT_SHARE : 0.5);
  context.strokeText(line.text, middle.x, middle.y);
  context.fillStyle = marks.ink;
  context.fillText(line.text, middle.x, middle.y);
}

function mix(a: Place, b: Place, share: number): Place {
  return { x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) };
}

/** De Casteljau. */
function onCurve(points: readonly Place[], share: number): Place {
  const [first = { x: 0, y: 0 }, ...rest] = points;
  if (rest.length === 0) return first;
  return onCurve(
    rest.map((point, i) => mix(points[i] ?? point, point, share)),
    share,
  );
}
