/**
 * Who says whether a program is accepted: the running kernel, by loading it, or our own verifier, which needs neither
 * privilege nor that kernel but its BTF. Both are asked about one program at a time, in an object opened anew, so that
 * one verdict does not hide the next (as veristat does).
 */
import { existsSync } from 'node:fs';
import { BpfiterError } from '../errors.ts';
import { HostTarget, hostUsable, kernelBtf } from '../host/index.ts';
import { type Kernel, openObject } from '../index.ts';
import { reasonLine } from '../kernel-log.ts';
import { type BpfObject, type LinkTarget, link } from '../object/index.ts';
import { accept, DescribedTarget, type KernelProfile, linux618, VerifierInput } from '../verifier/index.ts';
import { readBtf } from './btf-files.ts';
import type { Invocation } from './command.ts';

/** What a judge says beside accepting; a program that is not accepted comes as a BpfiterError with the log as detail. */
export interface Acceptance {
  /** In the kernel's form; its last lines have the statistics. */
  readonly log: string;
}

export interface Judge {
  /**
   * @param bytes of the object file
   * @throws BpfiterError if the program is refused, before or by the verifier, or `unsupported`
   */
  accept(bytes: Uint8Array, object: string, program: string, logLevel: number): Promise<Acceptance>;
}

/** The one that `--kernel` and `--btf` choose; with `auto` the running kernel where it may be asked. */
export async function openJudge(invocation: Invocation): Promise<Judge> {
  const { kernel = 'auto', btf } = invocation.options;
  if (kernel === 'host' && btf !== undefined) {
    throw new BpfiterError('usage', '--btf chooses the types for --kernel embedded; the host kernel has its own');
  }
  if (kernel === 'host' || (kernel === 'auto' && btf === undefined && hostUsable().ok)) {
    return new KernelJudge(
      await invocation.openKernel(),
      // JSON has no room for advice.
      invocation.jsonIndent === undefined ? () => openProfileJudge(invocation) : undefined,
    );
  }
  return openProfileJudge(invocation);
}

function openForVerdict(bytes: Uint8Array, name: string): BpfObject {
  const object = openObject(bytes, { name });
  // A question must not leave pins, nor be answered by maps that others have pinned.
  for (const map of object.maps) {
    map.pinByName = false;
    map.pinPath = undefined;
  }
  return object;
}

class KernelJudge implements Judge {
  readonly #kernel: Kernel;
  readonly #openAdviser: (() => Promise<Judge>) | undefined;
  #adviser: Promise<Judge> | undefined;

  /** @param openAdviser opens our own verifier, which can say more of a refusal than the kernel */
  constructor(kernel: Kernel, openAdviser: (() => Promise<Judge>) | undefined) {
    this.#kernel = kernel;
    this.#openAdviser = openAdviser;
  }

  async accept(bytes: Uint8Array, object: string, program: string, logLevel: number): Promise<Acceptance> {
    try {
      using loaded = await this.#kernel.load(openForVerdict(bytes, object), { programs: [program], logLevel });
      return { log: loaded.program(program).log };
    } catch (error) {
      throw error instanceof BpfiterError && error.code === 'refused'
        ? await this.#explained(error, bytes, object, program)
        : error;
    }
  }

  /** With what our own verifier says of it, if that refuses the program for the same reason. */
  async #explained(refusal: BpfiterError, bytes: Uint8Array, object: string, program: string): Promise<BpfiterError> {
    const reason = reasonLine(refusal.detail ?? '');
    if (reason === undefined || this.#openAdviser === undefined) return refusal;
    try {
      this.#adviser ??= this.#openAdviser();
      await (await this.#adviser).accept(bytes, object, program, 0);
    } catch (error) {
      if (!(error instanceof BpfiterError)) throw error;
      const { explanation, message } = error;
      if (explanation !== undefined && message === reason)
        return new BpfiterError(refusal.code, refusal.message, {
          cause: refusal.cause,
          detail: refusal.detail ?? '',
          explanation,
          ...(refusal.errno !== undefined && { errno: refusal.errno }),
        });
    }
    return refusal;
  }
}

/** LINUX_VERSION_CODE of the reference profile. */
const PROFILE_VERSION = (6 << 16) + (18 << 8);

async function openProfileJudge({ options, debug }: Invocation): Promise<Judge> {
  if (options.btf !== undefined) {
    const btf = await readBtf(options.btf);
    return new ProfileJudge(linux618(btf), new DescribedTarget({ btf, version: PROFILE_VERSION }));
  }
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    const { EmbeddedTarget, embeddedProfile, model } = await import('../embedded/index.ts');
    debug(
      'verifying by the rules of Linux 6.18, with the types of the embedded kernel, as none runs here that has BTF',
    );
    return new ProfileJudge(embeddedProfile(model), new EmbeddedTarget(model, { possibleCpus: 1 }));
  }
  const btf = kernelBtf();
  debug('verifying by the rules of Linux 6.18, with the types, configuration and symbols of the running kernel');
  const host = new HostTarget();
  return new ProfileJudge(
    linux618(btf),
    new DescribedTarget({
      btf,
      version: PROFILE_VERSION,
      kconfig: host.kconfig(),
      ...(existsSync('/proc/kallsyms') && { symbol: (name) => host.symbol(name) }),
      possibleCpus: host.possibleCpus(),
    }),
  );
}

class ProfileJudge implements Judge {
  readonly #profile: KernelProfile;
  readonly #target: LinkTarget;

  constructor(profile: KernelProfile, target: LinkTarget) {
    this.#profile = profile;
    this.#target = target;
  }

  async accept(bytes: Uint8Array, object: string, program: string, logLevel: number): Promise<Acceptance> {
    const linked = link(openForVerdict(bytes, object), this.#target, { programs: [program] });
    const chosen = linked.programs.find((candidate) => candidate.program.name === program);
    if (chosen === undefined) throw new BpfiterError('not-found', `program '${program}' is not loaded by itself`);
    const input = new VerifierInput(linked, object, this.#profile);
    const { result } = await accept(chosen, input, this.#profile, { logLevel });
    return { log: result.log };
  }
}
