/** Objects compiled from the C sources beside them, which say what is in them. */
import { readFileSync } from 'node:fs';
import { type BpfObject, type OpenOptions, openObject } from '../../src/object/index.ts';

export function fixtureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}.bpf.o`, import.meta.url)));
}

export function openFixture(name: string, options: Omit<OpenOptions, 'name'> = {}): BpfObject {
  return openObject(fixtureBytes(name), { name: `${name}.bpf.o`, ...options });
}
