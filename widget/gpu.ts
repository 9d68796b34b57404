/** Finds the graphics card that the browser gives to pages, for the kernels (`#kernels/gpu/backend.ts`). */

export interface PageGpu {
  /** With the largest buffers that the card has; for the caller to destroy. */
  readonly device: GPUDevice;
  /** As far as the browser tells. */
  readonly name: string;
  /** Whether it is the processor after all: right, but slow. */
  readonly software: boolean;
}

/** @returns null where the browser has no WebGPU, or no card for it, or keeps it from pages that are not secure */
export async function findPageGpu(): Promise<PageGpu | null> {
  // Not there in every browser, and in none on pages that came over plain HTTP from elsewhere.
  const gpu: GPU | undefined = navigator.gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return null;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  try {
    const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
    return { device, name: description || `${vendor} ${architecture}`.trim(), software: isFallbackAdapter };
  } catch {
    return null;
  }
}
