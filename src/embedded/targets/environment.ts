/**
 * What the targets of one embedded kernel walk over: the objects of its source, and its own maps, programs and links.
 */
import { BpfiterError } from '../../errors.ts';
import type { KernelMap, MapSelector } from '../../kernel.ts';
import type { EmbeddedMap } from '../maps/embedded-map.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Model } from '../model/index.ts';
import type { KernelObjects } from '../sources/source.ts';

/** An object of the kernel in linear memory. Those that only stay as long as somebody holds them can be held. */
export interface NumberedObject {
  readonly address: number;
  hold?(): void;
  release?(): void;
  /** Fills what few programs look at: the types of the program that it is, or that it leads to. */
  tellTypes?(): void;
}

/** Objects of the kernel by number. */
export interface Numbered {
  /** The one with that number, or else with the next higher one. */
  from(id: number): { readonly id: number; readonly object: NumberedObject } | undefined;
}

export interface TargetEnvironment {
  readonly memory: KernelMemory;
  readonly model: Model;
  readonly objects: KernelObjects;
  readonly possibleCpus: number;
  readonly maps: Numbered;
  readonly programs: Numbered;
  readonly links: Numbered;
  /** The map that a parameter names. @throws BpfiterError `not-found`, `usage` for one of another kernel */
  openMap(selector: KernelMap | MapSelector): EmbeddedMap;
}

/** A number of 32 bits in a struct, found once. */
export function numberField(
  { memory, model }: TargetEnvironment,
  struct: string,
  path: string,
): (at: number) => number {
  const { offset, size } = model.layoutOf(struct).field(path);
  if (size !== 4) throw new BpfiterError('unsupported', `${struct}.${path} has ${size} bytes here, not 4`);
  return (at) => memory.i32[(at + offset) >>> 2] ?? 0;
}
