/**
 * What programs do to sockets: get and set their options, and destroy them. Only a source whose sockets are its own (of
 * a description) can do that; those of a running system and of a snapshot are looked at.
 */

import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model, StructLayout } from '../../model/index.ts';
import { IPPROTO_UDP, TCP_CLOSE } from '../../socket-numbers.ts';
import { putField } from '../write-memory.ts';
import type { SocketRecord } from './records.ts';

/** The sockets of a source, by what its tables tell of them. Errnos are negative. */
export interface SocketControl {
  /** @returns bytes of the buffer's beginning, or an errno */
  getOption(socket: SocketRecord, level: number, name: number, size: number): Uint8Array | number;
  setOption(socket: SocketRecord, level: number, name: number, value: Uint8Array): number;
  /** @returns 0, or an errno; and whether the socket is one that is closed, and not the rest of one that is forgotten */
  destroy(socket: SocketRecord): { readonly error: number; readonly isClosed: boolean };
}

const EINVAL = -22;

/** The same by the places of their structs. */
export class SocketCalls {
  readonly #memory: KernelMemory;
  readonly #control: SocketControl;
  readonly #common: StructLayout;
  readonly #records = new Map<number, SocketRecord>();

  constructor(memory: KernelMemory, model: Model, control: SocketControl) {
    this.#memory = memory;
    this.#control = control;
    this.#common = model.layoutOf('sock_common');
  }

  /** A struct was filled. */
  enter(at: number, record: SocketRecord): void {
    this.#records.set(at, record);
  }

  clear(): void {
    this.#records.clear();
  }

  getOption(at: number, level: number, name: number, size: number): Uint8Array | number {
    const record = this.#records.get(at);
    return record === undefined ? EINVAL : this.#control.getOption(record, level, name, size);
  }

  setOption(at: number, level: number, name: number, value: Uint8Array): number {
    const record = this.#records.get(at);
    return record === undefined ? EINVAL : this.#control.setOption(record, level, name, value);
  }

  destroy(at: number): number {
    const record = this.#records.get(at);
    if (record === undefined) return EINVAL;
    const { error, isClosed } = this.#control.destroy(record);
    if (isClosed) this.#put(at, 'skc_state', TCP_CLOSE);
    // What is left of a UDP socket has no other end.
    if (isClosed && record.protocol === IPPROTO_UDP)
      for (const end of ['skc_daddr', 'skc_dport']) this.#put(at, end, 0);
    return error;
  }

  #put(at: number, member: string, value: number): void {
    putField(this.#memory, at, this.#common.field(member), value);
  }
}
