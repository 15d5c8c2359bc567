/**
 * The targets that one embedded kernel has, by name (bpf_iter_reg_target() of Linux).
 */
import { BpfiterError } from '../../errors.ts';
import type { IterTargetDefinition } from './target.ts';

const isAvailable = (target: IterTargetDefinition): boolean => target.isAvailable?.() !== false;

/** More arguments than Linux's own targets have would not fit into a context as the verifier takes it. */
const MOST_ARGUMENTS = 4;

export class TargetRegistry {
  readonly #targets = new Map<string, IterTargetDefinition>();

  constructor(targets: Iterable<IterTargetDefinition> = []) {
    for (const target of targets) this.register(target);
  }

  /** @throws BpfiterError `usage` for a name that is taken or no identifier, or too many arguments */
  register(target: IterTargetDefinition): void {
    const { name } = target;
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new BpfiterError('usage', `'${name}' is no name for an iterator target: it must be an identifier of C`);
    }
    if (this.#targets.has(name)) throw new BpfiterError('usage', `there is an iterator target '${name}' already`);
    if (target.arguments.length > MOST_ARGUMENTS) {
      throw new BpfiterError('usage', `iter/${name}: programs take at most ${MOST_ARGUMENTS} arguments after meta`);
    }
    this.#targets.set(name, target);
  }

  get(name: string): IterTargetDefinition | undefined {
    const target = this.#targets.get(name);
    return target === undefined || isAvailable(target) ? target : undefined;
  }

  /** Those that programs can be attached to. */
  values(): Iterable<IterTargetDefinition> {
    return [...this.#targets.values()].filter(isAvailable);
  }
}
