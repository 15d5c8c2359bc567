/**
 * Objects of which the kernel keeps one list, as sources write them down: parsed out of /proc, or by a test. How they
 * become structs in memory stands in object-lists.ts.
 */

export interface SlabCache {
  readonly name: string;
  /** Bytes from one object to the next. */
  readonly size: number;
  /** Bytes of an object; undefined where that could not be read. */
  readonly objectSize: number | undefined;
  readonly objectsPerSlab: number;
  /** A power of two. */
  readonly pagesPerSlab: number;
}

export interface DmaBuffer {
  /** Number of its inode, by which it is known. */
  readonly inode: number;
  readonly size: number;
  /** Who made it: `system`, `udmabuf`. */
  readonly exporter: string;
  /** That its user gave it. */
  readonly name?: string;
}

export interface KernelSymbol {
  /** Lower and upper half of its address; 0 where addresses are hidden. */
  readonly low: number;
  readonly high: number;
  /** One letter, as /proc/kallsyms has it. */
  readonly type: string;
  readonly name: string;
  /** Empty for the kernel itself. */
  readonly module: string;
}

/** One end of a connection. */
export interface InternetAddress {
  /** One of IPv4, four of IPv6, as they lie in memory. */
  readonly words: readonly number[];
  readonly port: number;
}

export interface SocketRecord {
  /** What it is known by. */
  readonly key: string;
  /** AF_*. */
  readonly family: number;
  /** SOCK_*. */
  readonly type: number;
  readonly protocol: number;
  /** TCP_ESTABLISHED and so on. */
  readonly state: number;
  readonly references: number;
  readonly inode: number;
  readonly hasFile: boolean;
  /** What the iterator tells beside the socket: whose it is, then the number of its bucket. */
  readonly told: readonly number[];
  readonly local?: InternetAddress;
  readonly remote?: InternetAddress;
  /** Bytes that wait. */
  readonly toSend?: number;
  readonly toReceive?: number;
  readonly drops?: number;
  /** Name of a Unix socket; an abstract one has an @ for each NUL. */
  readonly path?: string;
  /** Of netlink. */
  readonly port?: number;
  readonly groups?: number;
  readonly dumping?: boolean;
}

/** Times are in hundredths of a second, as the table has them. */
export interface TcpRecord extends SocketRecord {
  readonly kind: 'socket' | 'timewait' | 'request';
  /** 1 sends again, 2 tries the connection out, 3 forgets it, 4 asks for room; 0 none runs. */
  readonly timer: number;
  /** Until it is due. */
  readonly ticks: number;
  readonly retransmits: number;
  // The others are those of whole sockets.
  readonly backlog?: number;
  readonly probes?: number;
  readonly timeoutTicks?: number;
  readonly delayTicks?: number;
  /** Bit 0 whether it is interactive, the others how many acknowledgements go out at once. */
  readonly quick?: number;
  readonly window?: number;
  /** -1 for no limit; of sockets that listen, how many connections may begin with data. */
  readonly threshold?: number;
}

export interface Route {
  readonly key: string;
  /** Addresses of 16 bytes. */
  readonly to: Uint8Array;
  readonly gateway: Uint8Array;
  /** Bits of the prefix. */
  readonly length: number;
  readonly metric: number;
  readonly references: number;
  /** RTF_*. */
  readonly flags: number;
  readonly device: string | undefined;
}

/** What there is of each list. */
export interface ListRecords {
  readonly kmem_cache: SlabCache;
  readonly dma_buf: DmaBuffer;
  readonly kallsym_iter: KernelSymbol;
  readonly tcp_sock: TcpRecord;
  readonly udp_sock: SocketRecord;
  readonly unix_sock: SocketRecord;
  readonly netlink_sock: SocketRecord;
  readonly fib6_info: Route;
}
