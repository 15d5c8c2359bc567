/**
 * Programs of the running kernel: attaching an iterator, running one on demand, pinning.
 */
import { BpfiterError } from '../errors.ts';
import { checkParameters } from '../iter-parameters.ts';
import type { IterParameters, MapSelector, Program, RunOptions, RunResult } from '../kernel.ts';
import { checkRunOptions } from '../run-options.ts';
import { BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, programTypeName } from '../uapi/index.ts';
import { programInfo } from './attributes.ts';
import { HeldObject } from './held-object.ts';
import { describe } from './ids.ts';
import { prepareParameters } from './iterator-parameters.ts';
import { createIterLink, type HostLink } from './links.ts';
import type { HostMap } from './maps.ts';
import { testRun } from './test-run.ts';

/** What is known of a program beside its descriptor. */
export interface ProgramDescription {
  readonly name: string;
  readonly section: string;
  readonly type: number;
  readonly expectedAttachType: number;
  /** Of an iterator: `task`. */
  readonly targetName?: string | undefined;
  readonly log: string;
}

/** A loaded program, held by a descriptor until it is closed; links and pins hold it on their own. */
export class HostProgram extends HeldObject implements Program {
  readonly name: string;
  readonly section: string;
  readonly type: number;
  readonly expectedAttachType: number;
  readonly log: string;
  readonly #targetName: string | undefined;
  readonly #openMap: (selector: MapSelector) => HostMap;
  #id: number | undefined;

  /** Takes over the descriptor. @param openMap finds the maps that parameters name */
  constructor(fd: number, description: ProgramDescription, openMap: (selector: MapSelector) => HostMap) {
    super(fd, `program '${description.name}'`);
    this.name = description.name;
    this.section = description.section;
    this.type = description.type;
    this.expectedAttachType = description.expectedAttachType;
    this.log = description.log;
    this.#targetName = description.targetName;
    this.#openMap = openMap;
  }

  get id(): number {
    this.#id ??= describe(this.fd, programInfo.create(), this.what).number('id');
    return this.#id;
  }

  attachIter(parameters: IterParameters = {}): HostLink {
    if (this.type !== BPF_PROG_TYPE_TRACING || this.expectedAttachType !== BPF_TRACE_ITER) {
      const type = programTypeName(this.type) ?? `type ${this.type}`;
      throw new BpfiterError('usage', `program '${this.name}' (${this.section}, ${type}) is no iterator`);
    }
    if (this.#targetName !== undefined) checkParameters(this.#targetName, parameters);
    const prepared = prepareParameters(parameters, this.#openMap);
    try {
      return createIterLink(this, prepared);
    } finally {
      prepared.release();
    }
  }

  async run(options: RunOptions = {}): Promise<RunResult> {
    checkRunOptions(options, this.name);
    return testRun(this, options);
  }
}
