/** What lies above the points: lines to neighbours, rings, the lasso. Few things, so a 2-D canvas draws them. */
import { type Camera, project, type Size } from '../camera.ts';
import type { Points } from '../points.ts';

export interface Marks {
  readonly points: Points | null;
  readonly camera: Camera;
  readonly size: Size;
  /** Under the pointer; -1: none. */
  readonly hovered: number;
  /** Chosen by click or keyboard; -1: none. */
  readonly current: number;
  /** Drawn with a line from `current`, nearest first. */
  readonly neighbors: readonly number[];
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
  const isEmpty = marks.lasso.length < 4 && (points === null || (marks.current < 0 && marks.hovered < 0));
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
  if (points !== null) {
    const place = (index: number) =>
      project(marks.camera, marks.size, points.x[index] ?? 0, points.y[index] ?? 0, points.z[index] ?? 0);
    const ring = (index: number, radius: number, color: string, lineWidth: number) => {
      const { x, y } = place(index);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.lineWidth = lineWidth + 2;
      context.strokeStyle = marks.ground;
      context.stroke();
      context.lineWidth = lineWidth;
      context.strokeStyle = color;
      context.stroke();
    };
    if (marks.current >= 0) {
      const from = place(marks.current);
      for (const [rank, neighbor] of marks.neighbors.entries()) {
        const to = place(neighbor);
        context.beginPath();
        context.moveTo(from.x, from.y);
        context.lineTo(to.x, to.y);
        context.globalAlpha = 0.85 - 0.5 * (rank / Math.max(1, marks.neighbors.length));
        context.lineWidth = 1.5;
        context.strokeStyle = marks.accent;
        context.stroke();
      }
      context.globalAlpha = 1;
      for (const neighbor of marks.neighbors) ring(neighbor, 5, marks.accent, 1.5);
      ring(marks.current, 8, marks.accent, 2.5);
    }
    if (marks.hovered >= 0 && marks.hovered !== marks.current) ring(marks.hovered, 7, marks.ink, 1.75);
  }
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
