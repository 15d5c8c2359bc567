/**
 * Kinds of programs whose context is the arguments of a function (tracing, LSM, struct_ops): which function, and how
 * its arguments differ from what its prototype says. The tables' form, and the look-up.
 */
import type { Btf, FunctionPrototype } from '../../btf/index.ts';
import {
  BPF_MODIFY_RETURN,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_TRACING,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_RAW_TP,
} from '../../uapi/index.ts';
import { FunctionContext, type FunctionContextOptions } from './function-context.ts';
import { attachBtfIdOf, structOf, words } from './kind-keys.ts';
import type { ContextAccess, ProgramKind } from './types.ts';

export interface IteratorRow {
  readonly target: string;
  /** Whether sleepable programs attach; they load for every target. */
  readonly sleepable: boolean;
  readonly parameter?: 'map' | 'task' | 'cgroup';
  /** By number: a register type, and for BTF pointers the struct. The others are what the prototype says. */
  readonly arguments: Readonly<Record<number, string>>;
}

/** Tracepoints in words, by the number of an argument. */
export type TracepointsByArgument = Readonly<Record<number, string>>;

export interface StructOpsRow {
  readonly struct: string;
  /** Arguments that point to one struct, and are taken for pointers to another. */
  readonly promote?: Readonly<Record<string, string>>;
  /** By member: arguments that may be NULL. */
  readonly nullable?: Readonly<Record<string, readonly number[]>>;
  /** Members in words that no program may implement, and those that no sleepable one may. */
  readonly unsupported?: string;
  readonly notSleepable?: string;
}

export interface FunctionTables {
  readonly iteratorTargets: readonly IteratorRow[];
  readonly nullable: readonly TracepointsByArgument[];
  readonly errors: readonly TracepointsByArgument[];
  readonly structOps: readonly StructOpsRow[];
  /** LSM hooks by what is special about them. */
  readonly untrustedHooks: ReadonlySet<string>;
  readonly booleanHooks: ReadonlySet<string>;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

const MAX_ERRNO = 4095;

export class FunctionRules {
  readonly #btf: Btf;
  readonly #tables: FunctionTables;
  readonly #iterators: ReadonlyMap<string, IteratorRow>;
  readonly #structOps: ReadonlyMap<string, StructOpsRow>;

  constructor(btf: Btf, tables: FunctionTables) {
    this.#btf = btf;
    this.#tables = tables;
    this.#iterators = new Map(tables.iteratorTargets.map((row) => [row.target, row]));
    this.#structOps = new Map(tables.structOps.map((row) => [row.struct, row]));
  }

  /** @returns undefined for a kind that has another context, and for a target that the tables or the kernel lack */
  contextOf(kind: ProgramKind): FunctionContext | undefined {
    const prototype = this.#prototypeOf(kind);
    const options = prototype && this.#optionsOf(kind);
    return options && new FunctionContext(this.#btf, prototype, options);
  }

  /** What an LSM program may return; undefined at hooks that return nothing. */
  lsmReturns(kind: ProgramKind): Range | undefined {
    const prototype = this.#prototypeOf(kind);
    if (prototype === undefined || this.#btf.skipModifiersAndTypedefs(prototype.returnType) === 0) return undefined;
    return this.#tables.booleanHooks.has(kind.target ?? '') ? { min: 0, max: 1 } : { min: -MAX_ERRNO, max: 0 };
  }

  #prototypeOf(kind: ProgramKind): FunctionPrototype | undefined {
    const btf = this.#btf;
    const id = attachBtfIdOf(btf, kind);
    if (id === 0) return undefined;
    let type = btf.type(id);
    if (type.kind === 'struct') {
      const member = type.members[kind.expectedAttachType];
      if (member === undefined) return undefined;
      type = btf.type(btf.skipModifiersAndTypedefs(member.type));
    }
    // A typedef of a pointer to the prototype (tracepoints), a pointer to it (members), or a function.
    while (type.kind === 'typedef' || type.kind === 'ptr' || type.kind === 'func') type = btf.type(type.type);
    return type.kind === 'func_proto' ? type : undefined;
  }

  #optionsOf(kind: ProgramKind): FunctionContextOptions | undefined {
    const { type, expectedAttachType, target = '' } = kind;
    if (type === BPF_PROG_TYPE_LSM) {
      const trusted = !this.#tables.untrustedHooks.has(target);
      return { trusted, returnValue: 'any', returnRange: this.lsmReturns(kind) };
    }
    if (type === BPF_PROG_TYPE_STRUCT_OPS) {
      const row = this.#structOps.get(structOf(target));
      const member = target.slice(structOf(target).length + 1);
      return row && { trusted: true, promote: row.promote, nullable: row.nullable?.[member] };
    }
    if (type !== BPF_PROG_TYPE_TRACING) return undefined;
    switch (expectedAttachType) {
      case BPF_TRACE_RAW_TP: {
        const { nullable, errors } = this.#tables;
        // A tracepoint's first parameter is its own data.
        return { skip: 1, trusted: true, nullable: argumentsIn(nullable, target), errors: argumentsIn(errors, target) };
      }
      case BPF_TRACE_ITER: {
        const row = this.#iterators.get(target);
        return row && { trusted: true, overrides: this.#overrides(row) };
      }
      case BPF_TRACE_FENTRY:
        return { trusted: false };
      case BPF_TRACE_FEXIT:
        return { trusted: false, returnValue: 'any' };
      case BPF_MODIFY_RETURN:
        return { trusted: false, returnValue: 'int' };
      default:
        return undefined;
    }
  }

  #overrides(row: IteratorRow): ReadonlyMap<number, ContextAccess> {
    return new Map(
      Object.entries(row.arguments).map(([argument, cell]): [number, ContextAccess] => {
        const [register = '', struct] = words(cell);
        if (struct === undefined) return [Number(argument), { register }];
        const btfId = this.#btf.find(struct, 'struct');
        return [Number(argument), { register, btf: struct, ...(btfId !== undefined && { btfId }) }];
      }),
    );
  }
}

/** Arguments under which any of the tables has the tracepoint. */
function argumentsIn(tables: readonly TracepointsByArgument[], tracepoint: string): readonly number[] {
  return tables.flatMap((table) =>
    Object.entries(table)
      .filter(([, names]) => words(names).includes(tracepoint))
      .map(([argument]) => Number(argument)),
  );
}
