/**
 * Finds the graphics card of this machine, through Dawn (npm `webgpu`), the implementation of WebGPU that Chrome has. The package is
 * optional: where it, a driver or a card is missing, it is said why, and the processor does the work.
 */

export interface Gpu {
  readonly device: GPUDevice;
  /** As the driver calls it. */
  readonly name: string;
  /** Whether it is the processor after all, in a card's clothes: right, but slow. */
  readonly software: boolean;
}

/** Dawn lives as long as this is referenced; what came of it crashes once it is collected. */
let dawn: GPU | null = null;

/**
 * Our shaders write to the memory of a workgroup before they read it. That Dawn clears it first costs a card little, but a software
 * driver 4 s per shader with 16 KiB of it: it compiles a store for each number.
 */
const TOGGLES = ['disable_workgroup_init'] as const;

/**
 * A device with the largest buffers that the card has, for the caller to destroy; or why there is none.
 * @param toggles further ones of Dawn's, for benchmarks; the first call decides for all
 */
export async function findGpu(toggles: readonly string[] = []): Promise<Gpu | { readonly missing: string }> {
  if (process.platform === 'linux' && !isLibraryThere('libvulkan.so.1')) {
    return { missing: 'There is no graphics driver: the library libvulkan.so.1 is not installed.' };
  }
  try {
    dawn ??= (await import('webgpu')).create([`enable-dawn-features=${[...TOGGLES, ...toggles].join()}`]);
  } catch {
    return { missing: `The optional package "webgpu" is not installed, or not made for ${process.platform}.` };
  }
  const adapter = await dawn.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return { missing: 'No graphics driver reports a graphics card.' };
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  try {
    const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
    return { device, name: description || `${vendor} ${architecture}`.trim(), software: isFallbackAdapter };
  } catch (error) {
    return { missing: `The graphics card cannot be used: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Dawn itself would write to the standard error output, each time that it is asked. */
function isLibraryThere(name: string): boolean {
  try {
    process.dlopen({ exports: {} }, name);
    return true;
  } catch (error) {
    // It is no module of Node's: when that is all that is wrong, it was found.
    return !String(error).includes('cannot open shared object file');
  }
}
