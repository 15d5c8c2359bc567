/**
 * What the module of a program imports, under which names; instantiate.ts gives it. Functions are imported only if the
 * program needs them.
 */
import { BpfiterError } from '../errors.ts';
import type { FunctionType, ModuleWriter } from './module-writer.ts';
import { F64, I32, I64, type ValueType } from './opcodes.ts';
import type { Callee, CallPlan, CompileInput, Signature } from './plan.ts';

/** A function that the module imports, by the name of the import. */
export interface ImportedFunction {
  readonly name: string;
  readonly callee: Callee;
}

/** What a program does that needs a function of the kernel or of instantiate.ts. */
export interface Needs {
  mayGoto: boolean;
  throws: boolean;
  loadsPackets: boolean;
  callsByRegister: boolean;
}

export class ProgramImports {
  /** Indexes of globals. */
  readonly stackPointer: number;
  readonly tableBase: number;
  /** Those that CompileInput names; clock and throw are instantiate.ts's. */
  readonly functions: ImportedFunction[] = [];
  /** Indexes of functions; -1 if not needed. */
  readonly clock: number;
  readonly throwing: number;
  readonly packetLoad: number;
  readonly callByRegister: number;
  readonly #module: ModuleWriter;
  readonly #byCallee = new Map<Callee, { readonly signature: string; readonly index: number }[]>();
  readonly #byCall = new Map<number, number>();

  constructor(module: ModuleWriter, input: CompileInput, needs: Needs, calls: ReadonlyMap<number, CallPlan>) {
    this.#module = module;
    module.importMemory('m');
    module.importTable('t');
    this.stackPointer = module.importGlobal('sp', true);
    this.tableBase = module.importGlobal('base', false);
    this.clock = needs.mayGoto ? module.importFunction('clock', module.type([], [F64]), 'clock') : -1;
    this.throwing = needs.throws ? module.importFunction('throw', module.type([I32, I32], []), 'throw') : -1;
    const given = (callee: Callee | undefined, type: number, what: string): number => {
      if (callee === undefined) throw new BpfiterError('unsupported', `${input.name}: ${what}`);
      return this.#add(callee, type, what);
    };
    this.packetLoad = needs.loadsPackets
      ? given(input.packetLoad, module.type([I32, I32, I32], [I32]), 'loads from packets (LD_ABS, LD_IND)')
      : -1;
    this.callByRegister = needs.callsByRegister
      ? given(input.callByRegister, module.type([I32], [I32]), 'calls of functions in registers (callx)')
      : -1;
    for (const [insn, plan] of calls) if (plan.kind === 'import') this.#byCall.set(insn, this.#callee(plan));
  }

  #add(callee: Callee, type: number, label: string): number {
    const name = `f${this.functions.length}`;
    this.functions.push({ name, callee });
    return this.#module.importFunction(name, type, label);
  }

  #callee({ name, signature, callee }: CallPlan & { readonly kind: 'import' }): number {
    const key = `${signature.parameters.join()}>${signature.result}`;
    const known = this.#byCallee.get(callee) ?? [];
    const same = known.find((each) => each.signature === key);
    if (same !== undefined) return same.index;
    const { parameters, results } = typesOf(signature);
    const index = this.#add(callee, this.#module.type(parameters, results), name);
    this.#byCallee.set(callee, [...known, { signature: key, index }]);
    return index;
  }

  /** Index of the function that a call instruction calls, if its plan is to call an imported one. */
  calledBy(insn: number): number {
    const index = this.#byCall.get(insn);
    if (index === undefined) throw new RangeError(`instruction ${insn} calls nothing that is imported`);
    return index;
  }
}

function typesOf({ parameters, result }: Signature): FunctionType {
  const types: ValueType[] = [];
  for (const kind of parameters) {
    if (kind === 'i64') types.push(I64);
    else if (kind === 'pair') types.push(I32, I32);
    else types.push(I32);
  }
  return { parameters: types, results: result === 'void' ? [] : [result === 'i64' ? I64 : I32] };
}
