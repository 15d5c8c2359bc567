/**
 * Links an object against a kernel: everything between opening the file and the first system call. The object stays
 * as it is; it can be linked again, and against another kernel.
 *
 * The order of the steps is libbpf's (bpf_object_prepare() in src/libbpf.c, 1.8), because instructions, type ids and
 * indexes depend on it, and so does which of several faults is reported.
 */
import type { Btf } from '../btf/index.ts';
import { BpfiterError } from '../errors.ts';
import {
  BPF_F_SLEEPABLE,
  BPF_F_XDP_HAS_FRAGS,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_UNSPEC,
  BPF_PROG_TYPE_XDP,
  BPF_TRACE_FENTRY_MULTI,
  BPF_TRACE_FEXIT_MULTI,
  BPF_TRACE_FSESSION_MULTI,
} from '../uapi/index.ts';
import { findAttachTarget } from './attach-target.ts';
import { type BpfObject, contentsOf, type ObjectContents } from './bpf-object.ts';
import { BtfEdits } from './btf-edits.ts';
import { fixContextArguments } from './context-arguments.ts';
import { type References, writeReferences } from './data-references.ts';
import { type ExceptionTags, exceptionCallback, readExceptionTags } from './exception-callbacks.ts';
import { type ResolvedKsyms, resolveKsyms } from './externs.ts';
import { ProgramInfo, type SectionInfo, sectionInfo } from './func-line-info.ts';
import { jumpTable } from './jump-tables.ts';
import { fillKconfig } from './kconfig.ts';
import type { LinkedMap, LinkedObject, LinkedProgram, PoisonedInstruction } from './linked.ts';
import { linkMaps } from './linked-maps.ts';
import type { ParsedMap } from './maps.ts';
import type { ObjectProgram } from './model.ts';
import { ProgramCode } from './program-code.ts';
import type { ParsedProgram } from './programs.ts';
import { finalAttachType, replaceMissingHelpers } from './sanitise.ts';
import { sanitiseBtf } from './sanitise-btf.ts';
import { similarSection } from './sections.ts';
import { attachmentOf, type LinkedStructOpsMaps, linkStructOps } from './struct-ops.ts';
import { type AssembledProgram, ProgramAssembler } from './subprograms.ts';
import type { Feature, LinkTarget } from './target.ts';
import { typesOfKind } from './types-of-kind.ts';

export interface LinkOptions {
  /** Names of the programs to link; those with `autoload` if absent. */
  readonly programs?: readonly string[] | undefined;
}

/**
 * @throws BpfiterError `relocation`, `not-found` or `unsupported` for what the kernel does not have or cannot do;
 *   `malformed` for contradictions in the object; `usage` for a program that is not ready to be loaded
 */
export function link(object: BpfObject, target: LinkTarget, options: LinkOptions = {}): LinkedObject {
  return new Linker(object, target, options).link();
}

const NO_STRUCT_OPS: LinkedStructOpsMaps = { values: new Map(), attachments: new Map(), autoload: new Map() };

/** Attach types whose targets are many functions, named when attaching; only their module must be known before. */
const TRACING_MULTI: readonly number[] = [BPF_TRACE_FENTRY_MULTI, BPF_TRACE_FEXIT_MULTI, BPF_TRACE_FSESSION_MULTI];

class Linker {
  readonly #object: BpfObject;
  readonly #contents: ObjectContents;
  readonly #target: LinkTarget;
  readonly #supports: (feature: Feature) => boolean;
  readonly #btf: Btf | undefined;
  readonly #edits: BtfEdits | undefined;
  readonly #chosen: ReadonlySet<ObjectProgram>;

  constructor(object: BpfObject, target: LinkTarget, { programs }: LinkOptions) {
    if (programs !== undefined && !Array.isArray(programs)) {
      throw new BpfiterError('usage', `programs to load are an array of names, not '${programs}'`);
    }
    this.#object = object;
    this.#contents = contentsOf(object);
    this.#target = target;
    this.#supports = (feature) => target.supports(feature);
    this.#btf = object.btf;
    this.#edits = this.#contents.blob && new BtfEdits(this.#contents.blob);
    this.#chosen = new Set(
      programs === undefined
        ? object.programs.filter(({ autoload }) => autoload)
        : programs.map((name) => object.program(name)),
    );
  }

  link(): LinkedObject {
    const { parts } = this.#contents;
    if (!parts.elf.littleEndian)
      throw new BpfiterError(
        'unsupported',
        `${this.#object.name}: the object is for big-endian machines; its types can be read, but it is not loaded here`,
      );
    this.#requireKernelBtf();
    const kconfig = this.#fillKconfig();
    const ksyms = resolveKsyms(this.#contents.externs, this.#btf, this.#target);
    const structOps =
      this.#btf === undefined ? NO_STRUCT_OPS : linkStructOps(this.#contents.maps, this.#btf, this.#target);
    const programs = this.#contents.programs.filter(
      (program) => structOps.autoload.get(program) ?? this.#chosen.has(program),
    );

    const isLoaded = new Set(programs.map(({ code }) => code));
    const code = new ProgramCode(this.#contents, this.#target, (code) => code.isSubprogram || isLoaded.has(code));
    const maps = linkMaps(this.#contents.maps, this.#target, { kconfig, structOps: structOps.values });
    const tables: LinkedMap[] = [];
    const assembled = this.#assemble(programs, code);
    const linked = assembled.map(({ program, whole, info }) => {
      const references = this.#writeReferences(program, whole, ksyms, maps, tables);
      const prepared = { ...info, funcInfo: this.#fixFuncInfo(program, info.funcInfo) };
      const members = [...new Set(whole.functions.flatMap((placed) => [...code.membersOf(placed.code)]))];
      return { program, whole, info: prepared, members, poisoned: poisonedIn(whole, code, references), references };
    });
    const btf = this.#finishBtf();
    const loadable = linked.map(({ program, whole, info, members, poisoned, references }): LinkedProgram => {
      const { bytes } = whole.insns;
      replaceMissingHelpers(bytes, this.#supports);
      return {
        program,
        insns: bytes,
        mapReferences: references.mapReferences,
        moduleReferences: references.moduleReferences,
        poisoned,
        members,
        kfuncModules: ksyms.functionModules,
        ...(info.funcInfo && { funcInfo: info.funcInfo }),
        ...(info.lineInfo && { lineInfo: info.lineInfo }),
        ...this.#loadAttributes(program, structOps),
      };
    });
    return {
      ...(btf && { btf }),
      btfRequired: parts.structOps.length > 0,
      license: this.#object.license,
      kernelVersion: this.#object.kernelVersion ?? this.#target.kernelVersion(),
      maps: [...maps.values(), ...tables],
      programs: loadable,
    };
  }

  /** Fails early and clearly on kernels without BTF, for objects that cannot do without it. */
  #requireKernelBtf(): void {
    const { btfExt, externs, maps } = this.#contents;
    const needs =
      (btfExt !== undefined && btfExt.coreRelocations.length > 0 && 'CO-RE relocations') ||
      (externs.some((extern) => extern.kind !== 'kconfig' && extern.typeId !== 0) && 'typed externs') ||
      [...this.#chosen].map(kernelBtfNeed).find((need) => need !== undefined) ||
      (maps.some(({ structOps }) => structOps !== undefined) && 'struct_ops maps');
    if (needs && this.#target.btf() === undefined)
      throw new BpfiterError(
        'unsupported',
        `${this.#object.name} has ${needs}, which need the kernel's BTF, and this kernel has none`,
      );
  }

  /** Contents of the `.kconfig` map. */
  #fillKconfig(): Uint8Array | undefined {
    const map = this.#contents.maps.find(({ origin }) => origin === 'kconfig');
    if (map?.initialValue === undefined) return undefined;
    const value = map.initialValue.slice();
    const externs = this.#contents.externs.filter((extern) => extern.kind === 'kconfig');
    fillKconfig(value, externs, this.#target, this.#contents.kconfig);
    return value;
  }

  #assemble(programs: readonly ParsedProgram[], code: ProgramCode) {
    const { functions, parts, btfExt } = this.#contents;
    const info = btfExt && this.#supports('btf-func') ? sectionInfo(parts.elf, btfExt) : undefined;
    const tags: ExceptionTags =
      this.#btf !== undefined && this.#supports('btf-decl-tag') ? readExceptionTags(this.#btf) : new Map();
    const context = {
      functions,
      textIndex: parts.textIndex,
      insnsOf: (wanted: ParsedProgram['code']) => code.insnsOf(wanted),
    };
    return programs.map((program) => this.#assembleOne(program, context, info, tags));
  }

  #assembleOne(
    program: ParsedProgram,
    context: ConstructorParameters<typeof ProgramAssembler>[0],
    sections: SectionInfo | undefined,
    tags: ExceptionTags,
  ) {
    const info = sections && new ProgramInfo(sections, program.name);
    const assembler = new ProgramAssembler(context, program.name, info);
    assembler.place(program.code);
    const callback = exceptionCallback(tags, program.name, context.functions);
    if (callback !== undefined) assembler.place(callback);
    const records = info?.finish() ?? { funcInfo: undefined, lineInfo: undefined };
    return { program, whole: assembler.finish(), info: records };
  }

  #writeReferences(
    program: ParsedProgram,
    whole: AssembledProgram,
    ksyms: ResolvedKsyms,
    maps: ReadonlyMap<ParsedMap, LinkedMap>,
    tables: LinkedMap[],
  ): References {
    const { parts, externs, maps: parsed } = this.#contents;
    return writeReferences(program.name, whole, {
      ksyms,
      externs,
      maps: parsed,
      kconfigMap: parsed.find(({ origin }) => origin === 'kconfig'),
      linkedMap: (map) => {
        const linked = maps.get(map);
        if (linked === undefined) throw new BpfiterError('malformed', `map '${map.name}' is none of the object's`);
        return linked;
      },
      jumpTable: (offset, size, functions, insn) => {
        const table = jumpTable(parts, offset, size, functions, insn, this.#target);
        tables.push(table);
        return table;
      },
    });
  }

  #fixFuncInfo(program: ParsedProgram, funcInfo: LinkedProgram['funcInfo']): LinkedProgram['funcInfo'] {
    if (funcInfo === undefined || this.#btf === undefined || this.#edits === undefined) return funcInfo;
    if (this.#supports('arg-ctx-tag')) return funcInfo;
    return fixContextArguments(this.#btf, this.#edits, program.type, funcInfo);
  }

  #finishBtf(): Uint8Array | undefined {
    if (this.#btf === undefined || this.#edits === undefined) return undefined;
    if (!this.#supports('btf')) {
      if (this.#contents.parts.structOps.length === 0) return undefined;
      throw new BpfiterError('unsupported', `${this.#object.name} has struct_ops maps, and this kernel takes no BTF`);
    }
    // Hidden subprograms are to be verified with what their callers know, as static ones are.
    const hidden = new Set(
      this.#contents.functions.filter((code) => code.isSubprogram && code.isHidden).map(({ name }) => name),
    );
    for (const type of hidden.size === 0 ? [] : typesOfKind(this.#btf, 'func'))
      if (type.linkage === 'global' && hidden.delete(type.name))
        this.#edits.replace(type.id, { ...type, linkage: 'static' });
    const { btf, bytes } = this.#edits.apply();
    return sanitiseBtf(btf, bytes, this.#supports);
  }

  #loadAttributes(program: ParsedProgram, structOps: LinkedStructOpsMaps) {
    const { definition, type } = program;
    if (type === BPF_PROG_TYPE_UNSPEC)
      throw new BpfiterError(
        'usage',
        `program '${program.name}' (section '${program.section}'): the section does not say what type of program it is${similarSection(program.section)}; docs/kernels.md lists the SEC() names`,
      );
    const flags =
      program.flags |
      (definition?.sleepable ? BPF_F_SLEEPABLE : 0) |
      (definition?.fragments && type === BPF_PROG_TYPE_XDP ? BPF_F_XDP_HAS_FRAGS : 0);
    const common = {
      type,
      flags,
      ifindex: program.ifindex,
      expectedAttachType: finalAttachType(program, this.#supports),
      ...(program.attachProgFd !== undefined && { attachProgFd: program.attachProgFd }),
    };
    if (type === BPF_PROG_TYPE_STRUCT_OPS) {
      const { btfId, member, module } = attachmentOf(structOps, program);
      return {
        ...common,
        expectedAttachType: member,
        attachBtfId: btfId,
        ...(module !== undefined && { attachModule: module }),
      };
    }
    const { attachTarget } = program;
    if (TRACING_MULTI.includes(common.expectedAttachType)) {
      const module = this.#moduleOf(program);
      return { ...common, attachBtfId: 0, ...(module !== undefined && { attachModule: module }) };
    }
    if (attachTarget === undefined) {
      if (!definition?.attachesByBtf) return { ...common, attachBtfId: 0 };
      throw new BpfiterError(
        'usage',
        `program '${program.name}' (section '${program.section}'): the section does not say what to attach to, and no target was set`,
      );
    }
    const found = findAttachTarget(this.#target, {
      type,
      expectedAttachType: program.expectedAttachType,
      name: attachTarget.name,
      module: attachTarget.module,
      programBtf: program.attachProgBtf,
      program,
    });
    return { ...common, attachBtfId: found.btfId, ...(found.module !== undefined && { attachModule: found.module }) };
  }

  /** `nf_conntrack` of `fentry.multi/nf_conntrack:nf_*`. */
  #moduleOf({ name, section }: ParsedProgram): string | undefined {
    const extras = section.slice(section.indexOf('/') + 1);
    const colon = section.includes('/') ? extras.indexOf(':') : -1;
    if (colon < 0) return undefined;
    const module = extras.slice(0, colon);
    if (this.#target.modules().some((candidate) => candidate.name === module)) return module;
    throw new BpfiterError('not-found', `program '${name}': no module '${module}' with BTF is loaded`);
  }
}

/** What a program needs the kernel's BTF for. */
function kernelBtfNeed({ type, attachProgFd, name }: ObjectProgram): string | undefined {
  const needs =
    type === BPF_PROG_TYPE_STRUCT_OPS ||
    type === BPF_PROG_TYPE_LSM ||
    (type === BPF_PROG_TYPE_TRACING && attachProgFd === undefined);
  return needs ? `programs like '${name}'` : undefined;
}

/** Poisoned instructions of a whole program: what CO-RE left in its functions, and what references added. */
function poisonedIn(
  whole: AssembledProgram,
  code: ProgramCode,
  references: References,
): readonly PoisonedInstruction[] {
  const fromCore = whole.functions.flatMap((placed) =>
    code.poisonedOf(placed.code).map((poisoned) => ({ ...poisoned, insn: poisoned.insn + placed.at })),
  );
  return [...fromCore, ...references.poisoned].sort((a, b) => a.insn - b.insn);
}
