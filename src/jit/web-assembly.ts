/**
 * The engine's WebAssembly, typed. Every JavaScript engine that this package runs on has it, but TypeScript knows it
 * only from the browser's library, which would bring all other globals of browsers with it.
 * Source: the WebAssembly JavaScript Interface, https://webassembly.github.io/spec/js-api/.
 */

export interface WasmMemory {
  /** Replaced by each growth. */
  readonly buffer: ArrayBuffer;
  /** @param pages of 64 KiB @returns how many there were; throws RangeError if there is no room */
  grow(pages: number): number;
}

export interface WasmTable {
  readonly length: number;
  get(index: number): WasmFunction | null;
  set(index: number, value: WasmFunction | null): void;
  grow(by: number): number;
}

export interface WasmGlobal {
  // biome-ignore lint/suspicious/noExplicitAny: number or bigint, as its type says
  value: any;
}

// biome-ignore lint/suspicious/noExplicitAny: parameters and results are as the module declares them
export type WasmFunction = (...words: any[]) => any;

/** Compiled, not yet instantiated. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface WebAssemblyApi {
  readonly Memory: new (options: { initial: number; maximum?: number }) => WasmMemory;
  readonly Table: new (options: { element: 'anyfunc'; initial: number; maximum?: number }) => WasmTable;
  readonly Global: new (options: { value: 'i32' | 'i64'; mutable?: boolean }, value: number | bigint) => WasmGlobal;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports?: WasmImports) => WasmInstance;
  readonly RuntimeError: new (message?: string) => Error;
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
}

// The one place where the global is named; see above.
export const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
