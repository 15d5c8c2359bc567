/**
 * Writes into a program's 64-bit loads and calls what its relocations refer to outside of the program: maps, variables
 * in maps, externs, jump tables. Maps have no numbers yet: they are returned as references that the kernel's side
 * fills in. What the kernel does not have makes a poisoned instruction.
 *
 * Facts: libbpf 1.8, bpf_object__relocate_data() in src/libbpf.c.
 */
import { BpfiterError } from '../errors.ts';
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  type InstructionView,
} from '../isa/index.ts';
import type { ResolvedKsyms } from './externs.ts';
import { isCall, poison } from './instructions.ts';
import type { LinkedMap, MapReference, ModuleReference, PoisonedInstruction } from './linked.ts';
import type { ParsedMap } from './maps.ts';
import type { ObjectExtern } from './model.ts';
import type { Relocation } from './relocations.ts';
import type { AssembledProgram, PlacedFunction } from './subprograms.ts';

/** Markers are these plus the map's or extern's index; libbpf's, so that logs read the same. */
const POISONED_MAP = 2_001_000_000;
const POISONED_FUNCTION = 2_002_000_000;

export interface ReferenceContext {
  readonly ksyms: ResolvedKsyms;
  /** In the object's order, which the markers count in. */
  readonly externs: readonly ObjectExtern[];
  readonly maps: readonly ParsedMap[];
  readonly kconfigMap: ParsedMap | undefined;
  linkedMap(map: ParsedMap): LinkedMap;
  /** The map of a jump table that the instruction loads. */
  jumpTable(offset: number, size: number, functions: readonly PlacedFunction[], insn: number): LinkedMap;
}

export interface References {
  readonly mapReferences: readonly MapReference[];
  readonly moduleReferences: readonly ModuleReference[];
  readonly poisoned: readonly PoisonedInstruction[];
}

/** @param program changed in place @throws BpfiterError `malformed` */
export function writeReferences(
  program: string,
  { insns, functions }: AssembledProgram,
  context: ReferenceContext,
): References {
  const writer = new ReferenceWriter(program, insns, functions, context);
  for (const { code, at } of functions) for (const relocation of code.relocations) writer.write(relocation, at);
  const { mapReferences, moduleReferences, poisoned } = writer;
  return { mapReferences: mapReferences.sort((a, b) => a.insn - b.insn), moduleReferences, poisoned };
}

class ReferenceWriter {
  readonly mapReferences: MapReference[] = [];
  readonly moduleReferences: ModuleReference[] = [];
  readonly poisoned: PoisonedInstruction[] = [];
  readonly #program: string;
  readonly #insns: InstructionView;
  readonly #functions: readonly PlacedFunction[];
  readonly #context: ReferenceContext;
  /** One map for each table of the program, however often it is loaded. */
  readonly #jumpTables = new Map<number, LinkedMap>();

  constructor(
    program: string,
    insns: InstructionView,
    functions: readonly PlacedFunction[],
    context: ReferenceContext,
  ) {
    this.#program = program;
    this.#insns = insns;
    this.#functions = functions;
    this.#context = context;
  }

  /** @param base first slot of the function that has the relocation */
  write(relocation: Relocation, base: number): void {
    const insn = base + relocation.insn;
    switch (relocation.kind) {
      case 'map':
        this.#map(insn, relocation.map, 'map', 0);
        return;
      case 'data':
        this.#map(insn, relocation.map, 'value', this.#insns.imm(insn) + relocation.offset);
        return;
      case 'jump-table': {
        const { offset, size } = relocation;
        const known = this.#jumpTables.get(offset);
        const map = known ?? this.#context.jumpTable(offset, size, this.#functions, insn);
        this.#jumpTables.set(offset, map);
        this.#insns.setOff(insn, 0);
        this.#refer(insn, map, 'value', this.#insns.imm(insn + 1));
        return;
      }
      case 'extern':
        if (isCall(this.#insns, insn)) this.#call(insn, relocation.extern);
        else this.#load(insn, relocation.extern);
        return;
      case 'function-address':
        if (this.#insns.src(insn) === 0)
          throw new BpfiterError(
            'malformed',
            `program '${this.#program}': instruction ${insn} loads no function address`,
          );
        return;
      case 'call':
        return;
    }
  }

  #map(insn: number, map: ParsedMap, kind: 'map' | 'value', offset: number): void {
    const linked = this.#context.linkedMap(map);
    if (map.autocreate) {
      this.#refer(insn, linked, kind, offset + (kind === 'value' ? linked.initialOffset : 0));
      return;
    }
    const marker = POISONED_MAP + this.#context.maps.indexOf(map);
    // Both halves, since the second alone would be another instruction.
    poison(this.#insns, insn, marker);
    poison(this.#insns, insn + 1, marker);
    this.poisoned.push({ insn, marker, reason: `map '${map.name}' is used, but was not to be created` });
  }

  #refer(insn: number, map: LinkedMap, kind: 'map' | 'value', offset: number): void {
    this.#insns.setSrc(insn, kind === 'map' ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE);
    this.#insns.setImm(insn, 0);
    if (kind === 'value') this.#insns.setImm(insn + 1, offset);
    this.mapReferences.push({ insn, map, kind, offset: kind === 'value' ? offset >>> 0 : 0 });
  }

  #load(insn: number, extern: ObjectExtern): void {
    if (extern.kind === 'kconfig') {
      const { kconfigMap } = this.#context;
      if (kconfigMap !== undefined) this.#refer(insn, this.#context.linkedMap(kconfigMap), 'value', extern.offset);
      return;
    }
    const found = this.#context.ksyms.ksyms.get(extern);
    if (found?.kind !== 'btf') {
      this.#insns.setImm64(insn, found?.address ?? 0n);
      return;
    }
    this.#insns.setSrc(insn, BPF_PSEUDO_BTF_ID);
    this.#insns.setImm(insn, found.btfId);
    this.#insns.setImm(insn + 1, 0);
    if (found.module !== undefined) this.moduleReferences.push({ insn, module: found.module });
  }

  #call(insn: number, extern: ObjectExtern): void {
    const found = this.#context.ksyms.ksyms.get(extern);
    if (found?.kind === 'btf') {
      const module = found.module === undefined ? -1 : this.#context.ksyms.functionModules.indexOf(found.module);
      this.#insns.setSrc(insn, BPF_PSEUDO_KFUNC_CALL);
      this.#insns.setImm(insn, found.btfId);
      this.#insns.setOff(insn, module + 1);
      return;
    }
    const marker = POISONED_FUNCTION + this.#context.externs.indexOf(extern);
    poison(this.#insns, insn, marker);
    this.poisoned.push({
      insn,
      marker,
      reason: `function '${extern.name}' is called, but this kernel does not have it`,
    });
  }
}
