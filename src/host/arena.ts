/**
 * Arenas: maps whose memory programs and this process share. The kernel loads programs that use one only after it has
 * been mapped here, since their pointers are addresses of this process.
 * Source: kernel/bpf/arena.c (arena_map_mmap, bpf_arena_get_user_vm_start).
 */
import { constants } from 'node:os';
import { failure } from './failure.ts';
import { callLibc, viewOf } from './foreign.ts';
import { HostMap } from './maps.ts';
import { MAP_FIXED_NOREPLACE, MAP_SHARED, PROT_READ, PROT_WRITE } from './memory-flags.ts';
import { hostPageSize } from './page-size.ts';

const { EEXIST } = constants.errno;

/** Where the contents of an arena begin to be filled, and with what. */
export interface ArenaContents {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** An arena stays mapped until it is closed. */
export class HostArena extends HostMap {
  readonly #address: bigint;
  readonly #length: number;
  #mapped = true;

  /** Takes over the descriptor. @throws BpfiterError `refused`; the descriptor is still the caller's then */
  constructor(fd: number, name: string, contents?: ArenaContents) {
    super(fd, name);
    this.#length = this.maxEntries * hostPageSize();
    const wanted = this.info.extra;
    const flags = MAP_SHARED | (wanted === 0n ? 0 : MAP_FIXED_NOREPLACE);
    const address = callLibc('mmap', wanted, this.#length, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address < 0) {
      const because = address === -EEXIST ? `there is other memory at address ${wanted.toString(16)}` : undefined;
      throw failure(-address, `mmap ${this.what}`, { because });
    }
    this.#address = BigInt(address);
    if (contents !== undefined && contents.bytes.length > 0) {
      viewOf(this.#address + BigInt(contents.offset), contents.bytes.length).set(contents.bytes);
    }
  }

  override close(): void {
    if (this.#mapped) callLibc('munmap', this.#address, this.#length);
    this.#mapped = false;
    super.close();
  }
}
