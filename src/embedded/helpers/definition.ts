/**
 * How a helper or kfunc of the embedded kernel is defined: its name, how compiled code calls it, and what makes its
 * function for one kernel. The families beside this file are tables of these; one that is in no table is unsupported,
 * by name, when a program that calls it is loaded.
 */
import type { Btf } from '../../btf/index.ts';
import type { Callee, CallPlan, Signature } from '../../jit/index.ts';
import type { AllocatedType } from '../../verifier/index.ts';
import type { Runtime } from '../runtime.ts';

/** Where a call stands, for functions that depend on it. */
export interface CallSite {
  readonly insn: number;
  /** BPF_PROG_TYPE_* of the program. */
  readonly programType: number;
  /** The map that the call was always given, if the verifier found there is only one. */
  readonly map: number | undefined;
  /** Of calls that put an object into a list or tree: bytes from its start to the node (InsnFacts.nodeOffset). */
  readonly nodeOffset: number;
  /** The types of objects that the program may allocate; undefined if it has no BTF. */
  readonly types: ProgramTypes | undefined;
}

/** What a program's BTF says of the objects that it allocates. */
export interface ProgramTypes {
  readonly btf: Btf;
  /** Those of which more is known than their size, by their ids in `btf` (VerifierInput.allocatedTypes()). */
  readonly allocated: ReadonlyMap<number, AllocatedType>;
}

export interface FunctionDefinition {
  /** With the `bpf_` prefix. */
  readonly name: string;
  readonly signature: Signature;
  /** Fields of the kernel's structs that it reads, like `task_struct.pid`: a source fills only those that are asked for. */
  readonly reads?: readonly string[];
  /** Where programs can call it, if not everywhere: elsewhere they are refused when they are loaded. */
  readonly only?: string;
  /** Called once a kernel; what it returns is called by programs, with offsets into linear memory for pointers. */
  make(runtime: Runtime): Callee;
  /** A better way for this call than importing `make`, where there is one. */
  plan?(runtime: Runtime, site: CallSite): CallPlan | undefined;
}

/**
 * Short notation: `i i32 p q -> s`, letters in the order of the arguments.
 *
 *   p, i  the low word (a pointer as offset; an integer)      q  both words as two numbers, low first
 *   L     the whole register, for wasm callees
 *   results: v nothing, s signed, u unsigned, p pointer, q both words, L whole
 */
export function signature(text: string): Signature {
  const [parameters = '', result = ''] = text.split('->').map((part) => part.trim());
  return {
    parameters: parameters === '' ? [] : parameters.split(/\s+/).map(parameterKind),
    result: resultKind(result),
  };
}

function parameterKind(letter: string): Signature['parameters'][number] {
  if (letter === 'p' || letter === 'i') return 'i32';
  if (letter === 'q') return 'pair';
  if (letter === 'L') return 'i64';
  throw new RangeError(`no parameter is written '${letter}'`);
}

function resultKind(letter: string): Signature['result'] {
  const kinds = { v: 'void', s: 's32', u: 'u32', p: 'pointer', q: 'pair', L: 'i64' } as const;
  const kind = kinds[letter as keyof typeof kinds];
  if (kind === undefined) throw new RangeError(`no result is written '${letter}'`);
  return kind;
}
