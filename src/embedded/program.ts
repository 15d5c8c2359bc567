/** Programs of the embedded kernel: verified, compiled, ready to run on demand or to be attached. */
import { BpfiterError } from '../errors.ts';
import type { CompiledProgram, RunningProgram } from '../jit/index.ts';
import type { IterParameters, Link, Program, RunOptions, RunResult } from '../kernel.ts';
import type { LinkedProgram } from '../object/index.ts';
import { checkRunOptions } from '../run-options.ts';
import { BPF_F_SLEEPABLE, BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, programTypeName } from '../uapi/index.ts';
import type { FurthestAccess } from '../verifier/index.ts';
import { prepareRun } from './contexts/prepare.ts';
import type { Pinned } from './iter/bpffs.ts';
import type { IterProgram } from './iter/link.ts';
import type { KernelRuntime } from './kernel-runtime.ts';
import type { LoadedTypes } from './loaded-types.ts';
import type { MapBase } from './maps/map-base.ts';
import type { Model } from './model/index.ts';
import { ProgramStruct } from './program-struct.ts';
import type { Invocation } from './runtime.ts';
import { Needs } from './sources/needs.ts';
import type { KernelObjects, ObjectSession } from './sources/source.ts';

/** What a program needs of its kernel. */
export interface ProgramHost {
  readonly runtime: KernelRuntime;
  readonly model: Model;
  readonly objects: KernelObjects;
  readonly reportUnreadable: (unreadable: ReadonlyMap<string, number>) => void;
  attach(program: EmbeddedProgram, parameters: IterParameters): Link;
  pin(path: string, object: Pinned): void;
  /** After the last hold is gone. */
  forgetProgram(program: EmbeddedProgram): void;
}

export interface ProgramParts {
  readonly linked: LinkedProgram;
  readonly log: string;
  readonly compiled: CompiledProgram;
  readonly instance: RunningProgram;
  /** Members of the kernel's structs that it reads, itself or by the functions that it calls. */
  readonly reads: readonly string[];
  /** Those that its instructions refer to; it keeps them. */
  readonly maps: readonly MapBase[];
  /** Of the function that it is attached to. */
  readonly argumentCount: number | undefined;
  readonly furthest: Readonly<FurthestAccess>;
  /** Structs to which it may keep pointers from one call to the next. */
  readonly keptPointers: ReadonlySet<string>;
  readonly verifiedInsns: number;
  readonly tag: Uint8Array;
  /** What it was loaded with. */
  readonly types: LoadedTypes | undefined;
}

export class EmbeddedProgram implements Program, Pinned {
  readonly kind = 'program';
  readonly id: number;
  readonly name: string;
  readonly section: string;
  readonly type: number;
  readonly expectedAttachType: number;
  readonly log: string;
  readonly compiled: CompiledProgram;
  readonly instance: RunningProgram;
  /** What it reads of the kernel's objects. */
  readonly needs: Needs;
  readonly #host: ProgramHost;
  readonly #parts: ProgramParts;
  readonly #struct: ProgramStruct;
  #iterator: IterProgram | undefined;
  #open = true;
  #holds = 0;

  /** @param id as Numbers give it, which then find the program by it */
  constructor(host: ProgramHost, id: number, parts: ProgramParts) {
    const { linked, compiled, instance, maps } = parts;
    const { name, section, attachTarget } = linked.program;
    this.id = id;
    this.name = name;
    this.section = section;
    this.type = linked.type;
    this.expectedAttachType = linked.expectedAttachType;
    this.log = parts.log;
    this.compiled = compiled;
    this.instance = instance;
    this.needs = Needs.of(parts.reads);
    this.#host = host;
    this.#parts = parts;
    this.#struct = new ProgramStruct(host.runtime.memory, host.model, {
      id,
      name,
      type: linked.type,
      expectedAttachType: linked.expectedAttachType,
      length: linked.insns.length / 8,
      compiledLength: compiled.bytes.length,
      maps: maps.length,
      attachFunction: this.isIterator ? `bpf_iter_${targetOf(linked)}` : attachTarget?.name,
      verifiedInsns: parts.verifiedInsns,
      tag: parts.tag,
      types: parts.types,
      functions: linked.funcInfo,
    });
    for (const map of maps) map.hold();
  }

  get what(): string {
    return `program '${this.name}'`;
  }

  /** Offset of its struct bpf_prog. */
  get address(): number {
    return this.#struct.address;
  }

  tellTypes(): void {
    this.#struct.tellTypes();
  }

  get isIterator(): boolean {
    return this.type === BPF_PROG_TYPE_TRACING && this.expectedAttachType === BPF_TRACE_ITER;
  }

  /** As links use it, one object for all; undefined if it is no iterator. */
  get asIterator(): IterProgram | undefined {
    if (this.isIterator) this.#iterator ??= this.#makeIterator();
    return this.#iterator;
  }

  #makeIterator(): IterProgram {
    const { id, name, section, address, needs } = this;
    const { linked, furthest, keptPointers } = this.#parts;
    const { runtime } = this.#host;
    const { entry } = this.instance;
    // What calls of a session have in common, kept from one object to the next.
    let current: Invocation | undefined;
    return {
      id,
      name,
      section,
      address,
      needs,
      keepsPointers: [...keptPointers].some((struct) => !STAYING.has(struct)),
      targetName: targetOf(linked),
      sleepable: (linked.flags & BPF_F_SLEEPABLE) !== 0,
      maxRdonlyAccess: furthest.rdonly,
      maxRdwrAccess: furthest.rdwr,
      run: (context, session) => {
        if (current?.subject !== session) current = this.#invocation(context, session, session.objects);
        return runtime.call(current, entry);
      },
      tellTypes: () => this.tellTypes(),
      hold: () => this.hold(),
      release: () => {
        current = undefined;
        this.release();
      },
    };
  }

  attachIter(parameters: IterParameters = {}): Link {
    this.#requireOpen();
    if (!this.isIterator) {
      const type = programTypeName(this.type) ?? `type ${this.type}`;
      throw new BpfiterError('usage', `program '${this.name}' (${this.section}, ${type}) is no iterator`);
    }
    return this.#host.attach(this, parameters);
  }

  async run(options: RunOptions = {}): Promise<RunResult> {
    this.#requireOpen();
    checkRunOptions(options, this.name);
    const { runtime, objects } = this.#host;
    const { argumentCount, furthest } = this.#parts;
    const { name, type, expectedAttachType } = this;
    const prepared = prepareRun(
      runtime,
      { name, type, expectedAttachType, argumentCount, maxContextOffset: furthest.context },
      options,
    );
    const session = objects.session(this.needs);
    try {
      const { context, subject, repeat } = prepared;
      const invocation = this.#invocation(context, subject, session);
      const { entry } = this.instance;
      const start = performance.now();
      // As Linux does it: all runs within one, as to look at the clock costs as much as a small program.
      const retval = runtime.enter(invocation, () => {
        let last = 0;
        for (let round = 0; round < repeat; round++) {
          prepared.begin();
          last = entry(context);
        }
        return last;
      });
      const milliseconds = performance.now() - start;
      runtime.runDue();
      return { ...prepared.finish(retval | 0), durationNs: Math.round((milliseconds * 1e6) / repeat) };
    } finally {
      this.#host.reportUnreadable(session.unreadable);
      session.close();
      prepared.release();
    }
  }

  #invocation(context: number, subject: object | undefined, objects: ObjectSession): Invocation {
    const { type: programType, expectedAttachType, name: programName } = this;
    return { programType, expectedAttachType, programName, context, subject, objects };
  }

  pin(path: string): void {
    this.#requireOpen();
    this.#host.pin(path, this);
  }

  #requireOpen(): void {
    if (!this.#open) throw new BpfiterError('usage', `program '${this.name}' is closed`);
  }

  // How long it lives: while a user has it open, or a link, a pin or a program array holds it.

  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    this.#endIfUnused();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#endIfUnused();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #endIfUnused(): void {
    if (this.#open || this.#holds > 0) return;
    for (const map of this.#parts.maps) map.release();
    this.instance.release();
    this.#struct.release();
    this.#host.forgetProgram(this);
  }
}

/** Structs that are variables of the kernel, or live as long as a session: their places stay whatever is forgotten. */
const STAYING: ReadonlySet<string> = new Set(['file_operations', 'vm_operations_struct', 'seq_file', 'bpf_iter_meta']);

/** `task` of `iter/task`. */
export const targetOf = ({ program }: LinkedProgram): string => program.attachTarget?.name ?? '';
