/**
 * Two or three components, drawn by one WebGL 2 program of our own. Three components are a cloud in perspective with
 * depth: near points cover far ones, and far ones fade into the ground.
 */
import { EYE_DISTANCE, pixelsPerUnit, rotation } from '../camera.ts';
import { parseColor } from '../colors.ts';
import {
  diameterScale,
  ease,
  FADED_OPACITY,
  pointStyle,
  type Renderer,
  type RendererEvents,
  type Scene,
} from './renderer.ts';

const vertexShader = `#version 300 es
precision highp float;
in vec3 start;
in vec3 end;
in float slot;
in float state; // 0 shown, 1 hidden, 2 faded
uniform mat3 turn;
uniform vec2 middle;
uniform vec2 scale; // clip units per world unit
uniform float eye;
uniform float t;
uniform float diameter; // device pixels
uniform float opacity;
uniform float faded;
uniform sampler2D colors;
out vec4 color;
out float radius;
void main() {
  vec3 turned = turn * mix(start, end, t);
  float nearness = eye / (eye - turned.z);
  gl_Position = vec4((turned.xy * nearness - middle) * scale, -turned.z * 0.25, 1.0);
  if (state == 1.0 || nearness < 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  if (state == 2.0) gl_Position.z = 0.9 + 0.1 * gl_Position.z; // never in front of what stands out
  gl_PointSize = max(1.5, diameter * nearness);
  radius = gl_PointSize * 0.5;
  color = vec4(texelFetch(colors, ivec2(int(slot), 0), 0).rgb, state == 2.0 ? faded : opacity);
}`;

const fragmentShader = `#version 300 es
precision highp float;
in vec4 color;
in float radius;
uniform float depthFade;
uniform vec3 ground;
out vec4 pixel;
void main() {
  float edge = (1.0 - length(gl_PointCoord * 2.0 - 1.0)) * radius;
  float alpha = clamp(edge + 0.5, 0.0, 1.0) * color.a;
  if (depthFade > 0.0 && alpha < 0.3 * color.a) discard;
  vec3 seen = mix(color.rgb, ground, depthFade * smoothstep(0.25, 0.8, gl_FragCoord.z));
  pixel = vec4(seen * alpha, alpha);
}`;

type Attribute = 'start' | 'end' | 'slot' | 'state';

/** @throws Error where the browser has no WebGL 2 */
export function createPointsRenderer(events: RendererEvents): Renderer {
  return new PointsRenderer(events);
}

class PointsRenderer implements Renderer {
  readonly canvas: HTMLCanvasElement;
  readonly components = [2, 3] as const;
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #buffers: Readonly<Record<Attribute, WebGLBuffer>>;
  readonly #texture: WebGLTexture;
  #scene: Scene | null = null;
  #frame = 0;
  #began = 0;
  #whenDrawn: (() => void)[] = [];
  #destroyed = false;

  constructor(events: RendererEvents) {
    this.canvas = document.createElement('canvas');
    const gl = this.canvas.getContext('webgl2', { antialias: false, depth: true, premultipliedAlpha: true });
    if (gl === null) throw new Error('This browser gives no WebGL, which the map is drawn with.');
    this.#gl = gl;
    this.#program = link(gl);
    this.#buffers = {
      start: gl.createBuffer(),
      end: gl.createBuffer(),
      slot: gl.createBuffer(),
      state: gl.createBuffer(),
    };
    this.#texture = gl.createTexture();
    this.canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      if (!this.#destroyed) events.onLost();
    });
  }

  draw(scene: Scene): Promise<void> {
    const before = this.#scene;
    this.#scene = scene;
    const gl = this.#gl;
    if (before?.points.x !== scene.points.x) {
      const starts =
        before !== null && scene.from !== null && scene.transitionMs > 0 && scene.from.count === scene.points.count;
      this.#fill('end', interleave(scene.points));
      this.#fill('start', interleave(starts && scene.from !== null ? scene.from : scene.points));
      this.#began = starts ? performance.now() : 0;
    }
    if (before?.coloring.slots !== scene.coloring.slots) this.#fill('slot', scene.coloring.slots);
    if (before?.points.x !== scene.points.x || before.hidden !== scene.hidden || before.emphasis !== scene.emphasis) {
      this.#fill('state', states(scene));
    }
    if (before?.colors !== scene.colors) {
      const bytes = Uint8Array.from(
        scene.colors.flatMap((color) => [...parseColor(color).map((c) => Math.round(c * 255)), 255]),
      );
      gl.bindTexture(gl.TEXTURE_2D, this.#texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, scene.colors.length, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    }
    return new Promise((resolve) => {
      this.#whenDrawn.push(resolve);
      if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
    });
  }

  destroy(): void {
    this.#destroyed = true;
    cancelAnimationFrame(this.#frame);
    for (const buffer of Object.values(this.#buffers)) this.#gl.deleteBuffer(buffer);
    this.#gl.deleteTexture(this.#texture);
    this.#gl.deleteProgram(this.#program);
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
    this.canvas.width = 0;
    this.canvas.remove();
    this.#settle();
  }

  #fill(name: Attribute, values: Float32Array | Uint8Array): void {
    this.#gl.bindBuffer(this.#gl.ARRAY_BUFFER, this.#buffers[name]);
    this.#gl.bufferData(this.#gl.ARRAY_BUFFER, values, this.#gl.STATIC_DRAW);
  }

  #draw(): void {
    this.#frame = 0;
    const scene = this.#scene;
    if (scene === null || this.#destroyed) return;
    const gl = this.#gl;
    const { camera, size, points } = scene;
    const ratio = globalThis.devicePixelRatio;
    const width = Math.max(1, Math.round(size.width * ratio));
    const height = Math.max(1, Math.round(size.height * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const share = this.#began === 0 ? 1 : Math.min(1, (performance.now() - this.#began) / scene.transitionMs);
    const cloud = points.components === 3;
    const style = pointStyle(points.count, size);
    const scale = pixelsPerUnit(camera, size);

    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.useProgram(this.#program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (cloud) gl.enable(gl.DEPTH_TEST);
    else gl.disable(gl.DEPTH_TEST);
    const uniform = (name: string) => gl.getUniformLocation(this.#program, name);
    gl.uniformMatrix3fv(uniform('turn'), true, rotation(camera));
    gl.uniform2f(uniform('middle'), camera.x, camera.y);
    gl.uniform2f(uniform('scale'), (2 * scale) / size.width, (2 * scale) / size.height);
    gl.uniform1f(uniform('eye'), EYE_DISTANCE);
    gl.uniform1f(uniform('t'), ease(share));
    gl.uniform1f(uniform('diameter'), style.diameter * diameterScale(camera.zoom) * ratio * (cloud ? 1.3 : 1));
    gl.uniform1f(uniform('opacity'), cloud ? 1 : Math.min(0.92, style.opacity * camera.zoom ** 0.35));
    // In a cloud near points cover far ones instead of adding up with them, and far ones are pale already.
    gl.uniform1f(uniform('faded'), cloud ? 2.5 * FADED_OPACITY : FADED_OPACITY);
    gl.uniform1f(uniform('depthFade'), cloud ? 0.65 : 0);
    gl.uniform3fv(uniform('ground'), parseColor(scene.ground));
    gl.uniform1i(uniform('colors'), 0);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    this.#attribute('start', 3, gl.FLOAT);
    this.#attribute('end', 3, gl.FLOAT);
    this.#attribute('slot', 1, gl.UNSIGNED_BYTE);
    this.#attribute('state', 1, gl.UNSIGNED_BYTE);
    gl.drawArrays(gl.POINTS, 0, points.count);

    if (share < 1) {
      this.#frame = requestAnimationFrame(() => this.#draw());
      return;
    }
    this.#began = 0;
    this.#settle();
  }

  #attribute(name: Attribute, length: number, type: number): void {
    const gl = this.#gl;
    const location = gl.getAttribLocation(this.#program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[name]);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, length, type, false, 0, 0);
  }

  #settle(): void {
    const waiting = this.#whenDrawn;
    this.#whenDrawn = [];
    for (const resolve of waiting) resolve();
  }
}

function interleave({ x, y, z, count }: Scene['points']): Float32Array {
  const all = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    all[3 * i] = x[i] ?? Number.NaN;
    all[3 * i + 1] = y[i] ?? Number.NaN;
    all[3 * i + 2] = z[i] ?? 0;
  }
  return all;
}

/** 0 shown, 1 hidden, 2 faded. */
function states({ points, hidden, emphasis }: Scene): Uint8Array {
  const all = new Uint8Array(points.count);
  if (emphasis !== null) {
    all.fill(2);
    for (const index of emphasis) all[index] = 0;
  }
  if (hidden !== null) {
    for (let i = 0; i < all.length; i++) if (hidden[i] === 1) all[i] = 1;
  }
  return all;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error('The graphics context was lost while the map was set up.');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The map's shaders do not link: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
