/**
 * The iterators of one embedded kernel: targets, links, pins, and the count of sessions. Attaching checks in the
 * kernel's order (bpf_iter_link_attach).
 *
 * Sources: kernel/bpf/bpf_iter.c of Linux 6.18; facts/iterators.md 2.4, 2.7-2.9.
 */
import { BpfiterError } from '../../errors.ts';
import { checkLinkSelector, checkParameters } from '../../iter-parameters.ts';
import type { IterParameters, LinkInfo, LinkSelector, Program } from '../../kernel.ts';
import { iterTargets } from '../../uapi/index.ts';
import { failure } from '../failure.ts';
import { IdTable } from '../id-table.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { Model } from '../model/index.ts';
import type { KernelObjects, Source } from '../sources/source.ts';
import type { BpfFileSystem, Pinned } from './bpffs.ts';
import { EmbeddedLink, IterLink, type IterProgram } from './link.ts';
import type { TargetRegistry } from './registry.ts';
import type { IterTargetDefinition } from './target.ts';

const EINVAL = 22;
const ENOENT = 2;

/** For messages; see Source. */
type SourceOfObjects = Pick<Source, 'name' | 'recorded'>;

/** What `bpfiter record` calls the lists that some targets need. */
const RECORDED_AS: ReadonlyMap<string, string> = new Map([
  ['dmabuf', 'lists'],
  ['kmem_cache', 'lists'],
  ['ksym', 'symbols'],
  ['ipv6_route', 'network'],
  ['netlink', 'network'],
  ['tcp', 'network'],
  ['udp', 'network'],
  ['unix', 'network'],
]);

export interface IteratorsParts {
  readonly memory: KernelMemory;
  readonly model: Model;
  readonly objects: KernelObjects;
  /** Where those come from, for messages. */
  readonly source: SourceOfObjects;
  readonly targets: TargetRegistry;
  readonly files: BpfFileSystem<Pinned>;
  /** What a program of the API is to links; undefined if it is of another kernel, or no iterator. */
  programOf(program: Program): IterProgram | undefined;
  /** Told after each session what its source could not read. */
  readonly reportUnreadable?: ((unreadable: ReadonlyMap<string, number>) => void) | undefined;
}

export class Iterators {
  readonly memory: KernelMemory;
  readonly model: Model;
  readonly objects: KernelObjects;
  readonly #source: SourceOfObjects;
  readonly targets: TargetRegistry;
  readonly files: BpfFileSystem<Pinned>;
  readonly programOf: IteratorsParts['programOf'];
  readonly reportUnreadable: NonNullable<IteratorsParts['reportUnreadable']>;
  readonly links = new IdTable<IterLink>();
  #sessions = 0n;

  constructor(parts: IteratorsParts) {
    this.memory = parts.memory;
    this.model = parts.model;
    this.objects = parts.objects;
    this.#source = parts.source;
    this.targets = parts.targets;
    this.files = parts.files;
    this.programOf = parts.programOf;
    this.reportUnreadable = parts.reportUnreadable ?? (() => {});
  }

  /**
   * Attaches a program to its target.
   * @throws BpfiterError `refused` with the kernel's errno, `usage` for parameters that do not fit the target,
   *   `not-found` for ones that name nothing
   */
  attach(program: IterProgram, parameters: IterParameters = {}): EmbeddedLink {
    const what = `attach program '${program.name}' (${program.section})`;
    const target = this.target(program.targetName, what);
    checkParameters(target.name, parameters, target.parameter);
    if (program.sleepable && !target.sleepable) {
      throw failure(EINVAL, what, { because: 'programs of this target may not sleep (iter.s)' });
    }
    const attachment = target.attach(parameters, program);
    return new EmbeddedLink(new IterLink(this, program, target, attachment), this);
  }

  /**
   * The target of that name: also for loading, which is the time to learn that there is none.
   * @param what completes "cannot ..."
   * @throws BpfiterError `unsupported` for one that Linux has and this kernel has not, `refused` for any other
   */
  target(name: string, what: string): IterTargetDefinition {
    const target = this.targets.get(name);
    if (target !== undefined) return target;
    if (!iterTargets.some((known) => known.name === name)) {
      throw failure(ENOENT, what, { because: `there is no iterator target '${name}'` });
    }
    throw new BpfiterError(
      'unsupported',
      `cannot ${what}: the embedded kernel has no objects for the target '${name}': its source, ${this.#lacks(name)}`,
      { errno: ENOENT },
    );
  }

  /** Why the source has no objects for a target, and where there are some. */
  #lacks(target: string): string {
    const { name, recorded } = this.#source;
    if (recorded !== true) return `${name}, has no list of them that may be read; use --kernel host`;
    const include = RECORDED_AS.get(target);
    if (include === undefined) return `${name}, has no list of them`;
    return `${name}, has no list of them; 'bpfiter record --include ${include}' takes it along, where it may be read`;
  }

  /** @throws BpfiterError `not-found`, `usage` for a pin of something else */
  openLink(selector: LinkSelector): EmbeddedLink {
    checkLinkSelector('openLink()', selector);
    if (selector.id !== undefined) {
      const link = this.links.get(selector.id);
      if (link === undefined) {
        throw new BpfiterError('not-found', `there is no link with id ${selector.id}`, { errno: ENOENT });
      }
      return new EmbeddedLink(link, this);
    }
    const pinned = this.files.get(selector.pinned);
    if (pinned instanceof IterLink) return new EmbeddedLink(pinned, this);
    throw new BpfiterError('usage', `'${selector.pinned}' is a pinned ${pinned.kind}, not a link`, { errno: EINVAL });
  }

  *linkInfos(): Generator<LinkInfo, void, undefined> {
    for (const link of this.links.values()) yield link.info();
  }

  /** Of the next session; the first is 1. */
  nextSessionId(): bigint {
    this.#sessions += 1n;
    return this.#sessions;
  }
}
