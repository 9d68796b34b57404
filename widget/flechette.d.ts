/** The two halves of flechette's `tableFromIPC`, which its types describe but its entry file does not export. */
declare module '@uwdata/flechette/src/decode/decode-ipc.js' {
  import type { ArrowData } from '@uwdata/flechette';
  export function decodeIPC(data: Uint8Array): ArrowData;
}
declare module '@uwdata/flechette/src/decode/table-from-ipc.js' {
  import type { ArrowData, Table } from '@uwdata/flechette';
  export function createTable(data: ArrowData): Table;
}
