/** Bundles a file of this directory for a browser. */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

export interface Bundle {
  readonly code: string;
  /** Everything that the code would still load. */
  readonly imports: readonly string[];
  /** The files that it was made of. */
  readonly modules: readonly string[];
}

export async function bundleFor(name: string): Promise<Bundle> {
  const input = fileURLToPath(new URL(name, import.meta.url));
  // What cannot be resolved stays an import, and is reported here.
  const bundle = await rolldown({ input, platform: 'browser', onLog: () => {} });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  await bundle.close();
  const [chunk] = output;
  return {
    code: chunk.code,
    imports: [...chunk.imports, ...chunk.dynamicImports],
    modules: Object.keys(chunk.modules),
  };
}
