/**
 * A BPF object between opening (open.ts) and linking (link.ts): programs, maps, externs and global variables, to be
 * looked at and changed.
 */
import { checkText } from '../arguments.ts';
import type { Btf, BtfExt, TypeId } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import type { BtfBlob } from './btf-edits.ts';
import type { ElfParts } from './elf-parts.ts';
import type { ObjectFunction } from './functions.ts';
import type { LinkedProgram } from './linked.ts';
import { findMap, type ParsedMap } from './maps.ts';
import type { ObjectExtern, ObjectMap, ObjectProgram } from './model.ts';
import type { ParsedProgram } from './programs.ts';
import { type SourceLine, sourceLine } from './source-lines.ts';

/** A global variable: a piece of the value of a data section's map. */
export interface ObjectVariable {
  readonly map: ObjectMap;
  readonly offset: number;
  readonly size: number;
  /** Its type in the object's BTF. */
  readonly typeId: TypeId;
  /** Its bytes in the map's initial value; changes in place hold for every later load. */
  readonly bytes: Uint8Array;
}

/** What parsing found. */
export interface ObjectContents {
  readonly name: string;
  readonly parts: ElfParts;
  readonly blob: BtfBlob | undefined;
  readonly btfExt: BtfExt | undefined;
  readonly functions: readonly ObjectFunction[];
  readonly programs: readonly ParsedProgram[];
  readonly maps: readonly ParsedMap[];
  readonly externs: readonly ObjectExtern[];
  /** Lines of Kconfig that come before the kernel's own. */
  readonly kconfig: string | undefined;
}

const contents = new WeakMap<BpfObject, ObjectContents>();

/** For the linker alone: what the class does not show. */
export function contentsOf(object: BpfObject): ObjectContents {
  const found = contents.get(object);
  if (found === undefined) throw new BpfiterError('usage', 'not an object that openObject() made');
  return found;
}

export class BpfObject {
  readonly name: string;
  readonly littleEndian: boolean;
  /** Of section `license`; empty if there is none, which the kernel takes for a proprietary one. */
  license: string;
  /** LINUX_VERSION_CODE to load programs with; the running kernel's if undefined. */
  kernelVersion: number | undefined;
  /** With sizes, offsets and externs completed: what is loaded, but for what linking adds behind. */
  readonly btf: Btf | undefined;
  readonly btfExt: BtfExt | undefined;
  /** Entry programs by section and place; subprograms are no programs. */
  readonly programs: readonly ObjectProgram[];
  /** Declared ones, then data sections, `.kconfig`, struct_ops. */
  readonly maps: readonly ObjectMap[];
  readonly externs: readonly ObjectExtern[];

  constructor(parsed: ObjectContents) {
    contents.set(this, parsed);
    this.name = parsed.name;
    this.littleEndian = parsed.parts.elf.littleEndian;
    this.license = parsed.parts.license;
    this.kernelVersion = parsed.parts.kernelVersion;
    this.btf = parsed.blob?.btf;
    this.btfExt = parsed.btfExt;
    this.programs = parsed.programs;
    this.maps = parsed.maps;
    this.externs = parsed.externs;
  }

  /** @throws BpfiterError `not-found` */
  program(name: string): ObjectProgram {
    checkText('program()', 'the name of a program', name);
    const program = this.programs.find((candidate) => candidate.name === name);
    if (program !== undefined) return program;
    const others = this.programs.map((candidate) => candidate.name).join(', ');
    throw new BpfiterError('not-found', `there is no program '${name}' in ${this.name}; it has ${others || 'none'}`);
  }

  /** @param name as users know it, or a data section (`.rodata`) @throws BpfiterError `not-found` */
  map(name: string): ObjectMap {
    checkText('map()', 'the name of a map, or of a data section', name);
    const map = findMap(this.maps, name);
    if (map !== undefined) return map;
    const others = this.maps.map((candidate) => candidate.name).join(', ');
    throw new BpfiterError('not-found', `there is no map '${name}' in ${this.name}; it has ${others || 'none'}`);
  }

  /**
   * A global variable of `.rodata`, `.data`, `.bss`, `.kconfig` or a section like those, for setting it before
   * loading. Static variables of the same name: the first.
   * @throws BpfiterError `not-found`
   */
  variable(name: string): ObjectVariable {
    for (const map of this.maps) {
      const section = map.initialValue && map.btfValueTypeId !== 0 ? this.btf?.type(map.btfValueTypeId) : undefined;
      if (section?.kind !== 'datasec' || map.initialValue === undefined) continue;
      for (const { type, offset, size } of section.entries) {
        const variable = this.btf?.type(type);
        if (variable?.kind !== 'var' || variable.name !== name) continue;
        if (offset + size > map.initialValue.length)
          throw new BpfiterError('malformed', `variable '${name}' reaches past the end of section '${map.section}'`);
        const bytes = map.initialValue.subarray(offset, offset + size);
        return { map, offset, size, typeId: variable.type, bytes };
      }
    }
    throw new BpfiterError('not-found', `there is no global variable '${name}' in ${this.name}`);
  }

  /** The source line that an instruction was compiled from; undefined where line info says nothing. */
  sourceLine(program: LinkedProgram, insn: number): SourceLine | undefined {
    return this.btf === undefined ? undefined : sourceLine(this.btf, program, insn);
  }
}
