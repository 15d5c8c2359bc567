/**
 * Links of iterators: a program attached to a target with its parameters, what the link tells about itself, sessions on
 * it. IterLink is the kernel's object, held by whoever has it open or pinned it; EmbeddedLink is one user's hold.
 *
 * Sources: kernel/bpf/bpf_iter.c and kernel/bpf/syscall.c of Linux 6.18; facts/iterators.md 1.6, 2.7-2.9.
 */
import { BpfiterError } from '../../errors.ts';
import { checkProgram } from '../../iter-parameters.ts';
import type { Link, LinkInfo, Program } from '../../kernel.ts';
import { IterSession, type SessionSource } from '../../session.ts';
import { BPF_LINK_TYPE_ITER, errnoDescription, errnoName } from '../../uapi/index.ts';
import { failure } from '../failure.ts';
import type { Needs } from '../sources/needs.ts';
import type { Pinned } from './bpffs.ts';
import { IterFile, type RunIterator } from './iter-file.ts';
import type { Iterators } from './iterators.ts';
import { LinkStruct } from './link-struct.ts';
import type { Attachment, IterTargetDefinition, ProgramFacts } from './target.ts';

const EINVAL = 22;
const EOPNOTSUPP = 95;
const EPERM = 1;

/** A loaded iterator program, as links and sessions use it. */
export interface IterProgram extends ProgramFacts {
  readonly id: number;
  /** `task` of `iter/task`. */
  readonly targetName: string;
  readonly sleepable: boolean;
  /** Offset of its struct bpf_prog. */
  readonly address: number;
  /** What it reads of the kernel's objects. */
  readonly needs: Needs;
  /** Whether it may know an object by its address after the call in which it got it. */
  readonly keepsPointers: boolean;
  readonly run: RunIterator;
  /** Fills what its struct has of its types. */
  tellTypes(): void;
  /** Keeps it loaded; counts. */
  hold(): void;
  release(): void;
}

export class IterLink implements Pinned {
  readonly kind = 'link';
  readonly id: number;
  readonly target: IterTargetDefinition;
  readonly #iterators: Iterators;
  readonly #attachment: Attachment;
  readonly #struct: LinkStruct;
  #program: IterProgram;
  /** Handles and pins. */
  #holders = 0;
  /** The link itself and the sessions on it, which need the attachment. */
  #users = 1;

  constructor(iterators: Iterators, program: IterProgram, target: IterTargetDefinition, attachment: Attachment) {
    this.target = target;
    this.#iterators = iterators;
    this.#attachment = attachment;
    this.#program = program;
    program.hold();
    this.id = iterators.links.add(this);
    this.#struct = new LinkStruct(iterators.memory, iterators.model, this.id, BPF_LINK_TYPE_ITER);
    this.#struct.program = program.address;
  }

  get what(): string {
    return `the link of program '${this.#program.name}'`;
  }

  /** Offset of its struct bpf_link. */
  get address(): number {
    return this.#struct.address;
  }

  tellTypes(): void {
    this.#program.tellTypes();
  }

  info(): LinkInfo {
    const { name } = this.target;
    return { id: this.id, type: 'iter', programId: this.#program.id, targetName: name, ...this.#attachment.info };
  }

  /** Another session, of the program that is current now. */
  openFile(): IterFile {
    const program = this.#program;
    const objects = this.#iterators.objects.session(program.needs, !program.keepsPointers);
    const file = new IterFile({
      memory: this.#iterators.memory,
      target: this.target,
      attachment: this.#attachment,
      objects,
      run: program.run,
      sessionId: this.#iterators.nextSessionId(),
      onRelease: () => {
        this.#iterators.reportUnreadable(objects.unreadable);
        program.release();
        this.#leave();
      },
    });
    program.hold();
    this.#users += 1;
    return file;
  }

  /** @throws BpfiterError `refused` as BPF_LINK_UPDATE; whether the new program sleeps is not asked there either */
  update(
    program: IterProgram | undefined,
    name: string,
    expected?: { readonly program: IterProgram | undefined },
  ): void {
    const what = `replace the program of ${this.what}`;
    if (expected !== undefined && expected.program !== this.#program) {
      throw failure(EPERM, what, { because: 'its program is no longer the one that was expected' });
    }
    if (program === undefined || program.targetName !== this.target.name) {
      throw failure(EINVAL, what, { because: `program '${name}' is of another type or target` });
    }
    program.hold();
    this.#program.release();
    this.#program = program;
    this.#struct.program = program.address;
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#iterators.links.remove(this.id);
    this.#struct.release();
    this.#program.release();
    this.#leave();
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#attachment.release?.();
  }
}

/** What a user has of a link, until it is closed. */
export class EmbeddedLink implements Link {
  readonly #link: IterLink;
  readonly #iterators: Iterators;
  #closed = false;

  constructor(link: IterLink, iterators: Iterators) {
    this.#link = link;
    this.#iterators = iterators;
    link.hold();
  }

  info(): LinkInfo {
    return this.#open.info();
  }

  open(): IterSession {
    return new IterSession(sourceOf(this.#open.openFile()));
  }

  pin(path: string): void {
    this.#iterators.files.pin(path, this.#open);
  }

  update(program: Program, expected?: Program): void {
    checkProgram('update()', program);
    if (expected !== undefined) checkProgram('update()', expected);
    const programOf = (candidate: Program) => this.#iterators.programOf(candidate);
    this.#open.update(
      programOf(program),
      program.name,
      expected === undefined ? undefined : { program: programOf(expected) },
    );
  }

  detach(): void {
    throw failure(EOPNOTSUPP, `detach ${this.#open.what}`, {
      because: 'links of iterators are not detached; they end when nothing holds them',
      code: 'unsupported',
    });
  }

  /** Closing twice does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#link.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #open(): IterLink {
    if (this.#closed) throw new BpfiterError('usage', `${this.#link.what} is closed`);
    return this.#link;
  }
}

/** Reads of the embedded kernel take place in this thread; the promise only has the form of the host's. */
export function sourceOf(file: IterFile): SessionSource {
  return {
    async read(buffer) {
      const count = file.read(buffer);
      if (count >= 0) return count;
      const message = `reading the iterator failed: ${errnoDescription(-count)} (${errnoName(-count)})`;
      throw new BpfiterError('refused', message, { errno: -count });
    },
    close: () => file.release(),
  };
}
