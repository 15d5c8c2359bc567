/**
 * Programs of the tests as the running kernel and as the verifier take them, and what each says. The kernel's answers
 * are recorded beside the tests (`BPFITER_RECORD=1 npx vitest run test/verifier`, as root, on the kernel that the
 * profile describes), so that they check where bpf(2) is not allowed.
 */
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { Btf, BtfBuilder, type TypeId } from '../../src/btf/index.ts';
import { loadBtf } from '../../src/host/btf-load.ts';
import type { LoadOutcome } from '../../src/host/load-log.ts';
import { HostMap, tryCreateMap } from '../../src/host/maps.ts';
import { loadProgram } from '../../src/host/program-load.ts';
import { InstructionView } from '../../src/isa/index.ts';
import { decisiveLine } from '../../src/kernel-log.ts';
import { findSectionDefinition } from '../../src/object/index.ts';
import { mapTypeId } from '../../src/uapi/index.ts';
import type { InsnFacts } from '../../src/verifier/environment.ts';
import { FieldFinder } from '../../src/verifier/input/special-fields.ts';
import { linux618 } from '../../src/verifier/profile/linux-6.18/index.ts';
import type { VerifierMap, VerifierProgram } from '../../src/verifier/program.ts';
import { verify } from '../../src/verifier/verify.ts';
import { type Assembled, assemble } from './assemble.ts';
import { prototypesToBtf } from './prototypes.ts';

/** A map of a test, by the names of the uapi. */
export interface CaseMap {
  readonly type: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly entries: number;
  readonly flags?: number;
  /** Contents of a one-element array, which is then frozen. */
  readonly frozen?: readonly number[];
  /** Map of maps: name of a map like those in it. */
  readonly inner?: string;
  /** Type of the values. */
  readonly value?: (builder: BtfBuilder) => TypeId;
}

export interface Case {
  /** A sentence. */
  readonly name: string;
  /** As in an object: `xdp`, `iter/task`, `tp_btf/sched_switch`; `socket` if absent. */
  readonly section?: string;
  /** GPL if absent. */
  readonly license?: string;
  readonly flags?: number;
  /** In the syntax of assemble.ts. */
  readonly code: string;
  /** BTF and func_info, in the syntax of prototypes.ts: the first at instruction 0, others at the label of their name. */
  readonly functions?: readonly string[];
  /** line_info for `functions`: instructions, with the offset of the strings if it is not that of a string. */
  readonly lines?: readonly (readonly [insn: number, stringOffset?: number])[];
  /** Fields that are set after assembling. */
  readonly patches?: readonly (readonly [insn: number, field: 'code' | 'dst' | 'src' | 'off' | 'imm', value: number])[];
}

export interface Answer {
  readonly verdict: string;
  readonly errno: number;
  readonly message: string;
}

const VMLINUX = '/sys/kernel/btf/vmlinux';
/** Whether this machine runs the kernel that the profile describes. */
export const isProfiledKernel = release().startsWith('6.18.') && existsSync(VMLINUX);
/** The kernel's BTF, or none where another kernel runs: programs that are attached by it then cannot be verified. */
const btf = isProfiledKernel
  ? Btf.parse(readFileSync(VMLINUX), { name: 'vmlinux' })
  : Btf.parse(new BtfBuilder().bytes());
export const profile = linux618(btf);

const BTF_PREFIXES: Readonly<Record<string, readonly [prefix: string, kind: 'func' | 'typedef']>> = {
  iter: ['bpf_iter_', 'func'],
  'iter.s': ['bpf_iter_', 'func'],
  tp_btf: ['btf_trace_', 'typedef'],
  lsm: ['bpf_lsm_', 'func'],
};

interface Attributes {
  readonly type: number;
  readonly expectedAttachType: number;
  readonly attachBtfId: number;
}

/** Whether the case can only be verified with the kernel's BTF. */
export const needsKernelBtf = ({ section = 'socket', code }: Case): boolean =>
  section.includes('/') || code.includes('call kfunc') || /map pointer|kptr/.test(code);

function attributesOf({ section = 'socket' }: Case): Attributes {
  const definition = findSectionDefinition(section);
  if (definition === undefined) throw new Error(`no section ${section}`);
  const [name = '', target] = section.split('/');
  const [prefix = '', kind = 'func'] = BTF_PREFIXES[name] ?? [];
  return {
    type: definition.type,
    expectedAttachType: definition.attachType,
    attachBtfId: definition.attachesByBtf ? (btf.find(`${prefix}${target}`, kind) ?? 0) : 0,
  };
}

function kfuncId(name: string): number {
  const id = btf.find(name, 'func');
  if (id === undefined) throw new Error(`the kernel's BTF has no ${name}`);
  return id;
}

/** The text with the ids of called kfuncs, which differ from build to build, by what they are; one that is wrong remains. */
export const withNamedKfuncIds = (text: string): string =>
  text.replace(/ call (\w+)#(\d+)/g, (call, name: string, id: string) =>
    btf.find(name, 'func') === Number(id) ? ` call ${name}#(its id)` : call,
  );

const SETTERS = { code: 'setCode', dst: 'setDst', src: 'setSrc', off: 'setOff', imm: 'setImm' } as const;

function assembled({ code, patches = [] }: Case): Assembled {
  const result = assemble(code, kfuncId);
  const view = new InstructionView(result.insns);
  for (const [insn, field, value] of patches) view[SETTERS[field]](insn, value);
  return result;
}

interface FunctionInfo {
  readonly bytes: Uint8Array;
  readonly functions: VerifierProgram['functions'];
}

function functionInfo({ functions }: Case, { labels }: Assembled): FunctionInfo | undefined {
  if (functions === undefined) return undefined;
  const types = prototypesToBtf(functions);
  return {
    bytes: types.bytes,
    functions: types.functions.map(({ name, typeId }, index) => {
      const insn = index === 0 ? 0 : labels.get(name);
      if (insn === undefined) throw new Error(`no label ${name}`);
      return { insn, typeId };
    }),
  };
}

/** What the verifier says. */
export function askVerifier(test: Case, maps: Readonly<Record<string, CaseMap>>): Answer {
  const { verdict, errno, message } = verify(programOf(test, maps), profile);
  return { verdict, errno, message };
}

/** What the verifier says of each instruction of a program that it accepts. */
export function factsOf(test: Case, maps: Readonly<Record<string, CaseMap>>): InsnFacts {
  const { facts, message } = verify(programOf(test, maps), profile);
  if (facts === undefined) throw new Error(`refused: ${message}`);
  return facts;
}

/** One that counts to two million: more than the verifier walks. */
export const longProgram = (): VerifierProgram =>
  programOf({ name: 'long', code: 'r0 = 0; again:; r0 += 1; if r0 < 2000000 goto again; r0 = 0; exit' }, {});

/** The verifier's log, for looking into a disagreement. */
export const logOf = (test: Case, maps: Readonly<Record<string, CaseMap>>): string =>
  verify(programOf(test, maps), profile, { logLevel: 2 }).log;

function programOf(test: Case, maps: Readonly<Record<string, CaseMap>>): VerifierProgram {
  const { type, expectedAttachType, attachBtfId } = attributesOf(test);
  const program = assembled(test);
  const { insns, maps: references } = program;
  const info = functionInfo(test, program);
  const made = new Map<string, VerifierMap>();
  return {
    name: 'test',
    section: test.section ?? 'socket',
    insns,
    maps: references.map(({ insn, name, kind, offset }) => ({ insn, map: mapNamed(name, maps, made), kind, offset })),
    type,
    expectedAttachType,
    flags: test.flags ?? 0,
    license: test.license ?? 'GPL',
    attachBtfId,
    attachModule: undefined,
    attachesToProgram: false,
    btf: info && Btf.parse(info.bytes, { name: 'test' }),
    functions: info?.functions ?? [],
    lines: (test.lines ?? []).map(([insn, stringOffset]) => ({
      insn,
      file: '',
      line: 1,
      column: 0,
      text: '',
      ...(stringOffset !== undefined && { isDamaged: true as const }),
    })),
    kfuncModules: [],
  };
}

/** BTF of a map's value, with the key's type first. */
function typesOf({ value }: Pick<CaseMap, 'value'>): { bytes: Uint8Array; key: number; value: number } | undefined {
  if (value === undefined) return undefined;
  const builder = new BtfBuilder();
  const key = builder.add({
    kind: 'int',
    name: 'int',
    size: 4,
    signed: true,
    char: false,
    bool: false,
    bits: 32,
    bitOffset: 0,
  });
  const id = value(builder);
  return { bytes: builder.bytes(), key, value: id };
}

function mapNamed(name: string, maps: Readonly<Record<string, CaseMap>>, made: Map<string, VerifierMap>): VerifierMap {
  let map = made.get(name);
  if (map === undefined) {
    const { type, keySize, valueSize, entries, flags = 0, frozen, inner, value } = described(name, maps);
    const types = typesOf({ ...(value !== undefined && { value }) });
    const ownBtf = types === undefined ? undefined : Btf.parse(types.bytes);
    map = {
      name,
      type,
      keySize,
      valueSize,
      maxEntries: entries,
      flags,
      extra: 0n,
      frozen: frozen !== undefined,
      value: frozen === undefined ? undefined : Uint8Array.from(frozen),
      fields: types && ownBtf && new FieldFinder(ownBtf, btf).inMapValue(types.value),
      btfValueTypeId: types?.value ?? 0,
      btfKeyTypeId: types?.key ?? 0,
      inner: inner === undefined ? undefined : mapNamed(inner, maps, made),
    };
    made.set(name, map);
  }
  return map;
}

function described(name: string, maps: Readonly<Record<string, CaseMap>>): Omit<CaseMap, 'type'> & { type: number } {
  const map = maps[name];
  const type = mapTypeId(map?.type ?? '');
  if (map === undefined || type === undefined) throw new Error(`no map ${name}, or no such type of map`);
  return { ...map, type };
}

/** What the running kernel says. Needs the privilege to load programs. */
export function askKernel(test: Case, maps: Readonly<Record<string, CaseMap>>): Answer {
  const { result, log } = loadOnKernel(test, maps, 0);
  return result >= 0
    ? { verdict: 'accept', errno: 0, message: '' }
    : { verdict: 'reject', errno: -result, message: decisiveLine(log) ?? '' };
}

/** The running kernel's log. */
export const kernelLogOf = (test: Case, maps: Readonly<Record<string, CaseMap>>): string =>
  loadOnKernel(test, maps, 2).log;

function loadOnKernel(test: Case, maps: Readonly<Record<string, CaseMap>>, logLevel: number): LoadOutcome {
  const { type, expectedAttachType, attachBtfId } = attributesOf(test);
  const program = assembled(test);
  const { insns, maps: references } = program;
  const info = functionInfo(test, program);
  const made = new Map<string, number>();
  let btfFd: number | undefined;
  try {
    btfFd = info && loadedBtf(info);
    const view = new InstructionView(insns);
    for (const { insn, name } of references) view.setImm(insn, createNamed(name, maps, made));
    const outcome = loadProgram(
      {
        type,
        insns,
        license: test.license ?? 'GPL',
        flags: test.flags ?? 0,
        expectedAttachType,
        attachBtfId,
        btfFd,
        funcInfo: info && {
          recordSize: 8,
          bytes: new Uint8Array(Uint32Array.from(info.functions.flatMap(({ insn, typeId }) => [insn, typeId])).buffer),
        },
        lineInfo: test.lines && {
          recordSize: 16,
          bytes: new Uint8Array(
            Uint32Array.from(test.lines.flatMap(([insn, offset = 1]) => [insn, offset, offset, 1 << 10])).buffer,
          ),
        },
      },
      logLevel,
    );
    if (outcome.result >= 0) closeSync(outcome.result);
    return outcome;
  } finally {
    for (const fd of made.values()) closeSync(fd);
    if (btfFd !== undefined) closeSync(btfFd);
  }
}

function loadedBtf({ bytes }: FunctionInfo): number {
  const { result, log } = loadBtf(bytes);
  if (result < 0) throw new Error(`BTF: errno ${-result}: ${log}`);
  return result;
}

function createNamed(name: string, maps: Readonly<Record<string, CaseMap>>, made: Map<string, number>): number {
  const known = made.get(name);
  if (known !== undefined) return known;
  const { type, keySize, valueSize, entries, flags = 0, frozen, inner, value } = described(name, maps);
  const types = typesOf({ ...(value !== undefined && { value }) });
  const btfFd = types === undefined ? -1 : loadBtf(types.bytes).result;
  if (types !== undefined && btfFd < 0) throw new Error(`BTF of map ${name}: errno ${-btfFd}`);
  const fd = tryCreateMap({
    map_type: type,
    map_name: name,
    key_size: keySize,
    value_size: valueSize,
    max_entries: entries,
    map_flags: flags,
    ...(inner !== undefined && { inner_map_fd: createNamed(inner, maps, made) }),
    ...(types !== undefined && { btf_fd: btfFd, btf_key_type_id: types.key, btf_value_type_id: types.value }),
  });
  if (btfFd >= 0) closeSync(btfFd);
  if (fd < 0) throw new Error(`map ${name}: errno ${-fd}`);
  made.set(name, fd);
  if (frozen !== undefined) {
    const map = new HostMap(fd);
    map.update(new Uint8Array(4), Uint8Array.from(frozen));
    map.freeze();
  }
  return fd;
}

/** Digits in messages may differ: ids of types, registers' ids. */
export const withoutNumbers = (message: string): string => message.replace(/-?(?:0x[0-9a-f]+|\d+)/g, 'N');
