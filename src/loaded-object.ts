/**
 * An object in a kernel: its programs and maps by name, and their common end. Both kernels give these.
 */
import { BpfiterError } from './errors.ts';
import type { KernelMap, LoadedObject, Program } from './kernel.ts';
import type { BpfObject } from './object/index.ts';

export class KernelObject<P extends Program, M extends KernelMap> implements LoadedObject {
  readonly object: BpfObject;
  readonly programs: readonly P[];
  readonly maps: readonly M[];

  constructor(object: BpfObject, programs: readonly P[], maps: readonly M[]) {
    this.object = object;
    this.programs = programs;
    this.maps = maps;
  }

  program(name: string): P {
    const program = this.programs.find((candidate) => candidate.name === name);
    if (program !== undefined) return program;
    // Says so itself if the object has no such program at all.
    this.object.program(name);
    throw new BpfiterError('not-found', `program '${name}' of ${this.object.name} was not loaded`);
  }

  /** @param name as users know it, or a data section (`.rodata`) */
  map(name: string): M {
    const known = this.object.map(name).name;
    const map = this.maps.find((candidate) => candidate.name === known);
    if (map !== undefined) return map;
    throw new BpfiterError('not-found', `map '${name}' of ${this.object.name} was not created`);
  }

  close(): void {
    for (const program of this.programs) program.close();
    for (const map of this.maps) map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
