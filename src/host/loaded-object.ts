/**
 * An object in the kernel: its programs and maps by name, and their common end.
 */
import { BpfiterError } from '../errors.ts';
import type { LoadedObject } from '../kernel.ts';
import type { BpfObject } from '../object/index.ts';
import type { HostMap } from './maps.ts';
import type { HostProgram } from './programs.ts';

export class HostLoadedObject implements LoadedObject {
  readonly object: BpfObject;
  readonly programs: readonly HostProgram[];
  readonly maps: readonly HostMap[];

  constructor(object: BpfObject, programs: readonly HostProgram[], maps: readonly HostMap[]) {
    this.object = object;
    this.programs = programs;
    this.maps = maps;
  }

  program(name: string): HostProgram {
    const program = this.programs.find((candidate) => candidate.name === name);
    if (program !== undefined) return program;
    // Says so itself if the object has no such program at all.
    this.object.program(name);
    throw new BpfiterError('not-found', `program '${name}' of ${this.object.name} was not loaded`);
  }

  /** @param name as users know it, or a data section (`.rodata`) */
  map(name: string): HostMap {
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
