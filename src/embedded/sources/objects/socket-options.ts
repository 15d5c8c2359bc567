/**
 * Options of described sockets: those that Linux lets iterator programs get and set, what a new socket has of each, and
 * what becomes of a value that is set. Others give -EINVAL, as those do that a version of Linux keeps from programs;
 * beside these, here, TCP_BPF_IW and TCP_BPF_SNDCWND_CLAMP.
 *
 * Facts: __bpf_setsockopt() in net/core/filter.c, sk_setsockopt(), do_tcp_setsockopt() of Linux 6.12; values measured on
 * 6.18, whose sysctls are as they are by default.
 */
import { HZ } from '../../jiffies.ts';

const EINVAL = { errno: 22 } as const;
const ENODEV = { errno: 19 } as const;
const ENOENT = { errno: 2 } as const;
const ENOPROTOOPT = { errno: 92 } as const;
const EOPNOTSUPP = { errno: 95 } as const;
const ENOTSUPP = { errno: 524 } as const;

const INT_MAX = 0x7fff_ffff;
const INT_SIZE = 4;
/** TCP_CA_NAME_MAX */
const NAME_SIZE = 16;
const SOL_TCP = 6;
const TCP_CONGESTION = 13;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;

/** net.core.wmem_max and rmem_max. */
const BUFFER_MAX = 4194304;
/** SOCK_MIN_SNDBUF, SOCK_MIN_RCVBUF. */
const SEND_MIN = 4608;
const RECEIVE_MIN = 2304;
/** Half of the third number of net.ipv4.tcp_rmem. */
const TCP_RECEIVE_MAX = 16777216;
const NEW_BUFFER = 212992;
const NEW_MSS = 536;
/** Bits of IP_TOS and IPV6_TCLASS that TCP sets itself. */
const ECN_MASK = 3;
/** sk_priority by the upper bits of IP_TOS: best effort, bulk, interactive, both. */
const PRIORITIES = [0, 2, 6, 4];
const MICROSECONDS_PER_JIFFY = 1_000_000 / HZ;
const MILLISECONDS_PER_JIFFY = 1000 / HZ;
/** TCP_DELACK_MAX and TCP_RTO_MIN, and TCP_TIMEOUT_MIN, in jiffies. */
const LONGEST_TIMEOUT = HZ / 5;
const SHORTEST_TIMEOUT = 2;

interface Refused {
  readonly errno: number;
}

/** What the rules look at. */
interface Owner {
  readonly family: 'ipv4' | 'ipv6' | 'unix';
  readonly isListening: boolean;
  /** @param name of a rule */
  value(name: string): number;
  /** For options that change others, or something that no option shows. */
  put(name: string, value: number): void;
  /** What no option shows; 0 if it was never put. */
  hidden(name: string): number;
}

interface Rule {
  readonly level: number;
  readonly number: number;
  /** Of a new socket. */
  readonly initial: number | ((owner: Owner) => number);
  /** @returns the value that it has then */
  readonly set: (value: number, owner: Owner) => number | Refused;
  /** Which sockets have it; all of the level if absent. */
  readonly of?: (owner: Owner) => boolean;
  /** What all others say; -EINVAL if absent. */
  readonly otherwise?: Refused;
}

const flag = (value: number) => (value === 0 ? 0 : 1);
const any = (value: number) => value;
const within = (least: number, most: number) => (value: number) => (value < least || value > most ? EINVAL : value);
const isTcp = ({ family }: Owner) => family !== 'unix';

const trafficClass = (value: number, old: number) => (value & 0xff & ~ECN_MASK) | (old & ECN_MASK);

function microseconds(value: number): number | Refused {
  const timeout = value < 0 ? Number.POSITIVE_INFINITY : Math.ceil(value / MICROSECONDS_PER_JIFFY);
  return timeout > LONGEST_TIMEOUT || timeout < SHORTEST_TIMEOUT ? EINVAL : timeout * MICROSECONDS_PER_JIFFY;
}

function lowWater(value: number, owner: Owner): number {
  const wanted = value < 0 ? INT_MAX : value;
  if (!isTcp(owner)) return wanted || 1;
  const locked = owner.hidden('locked') !== 0;
  const cap = locked ? owner.value('SO_RCVBUF') >> 1 : TCP_RECEIVE_MAX;
  const result = Math.min(wanted, cap) || 1;
  if (!locked) owner.put('SO_RCVBUF', Math.max(owner.value('SO_RCVBUF'), 2 * Math.min(wanted, cap)));
  return result;
}

const rules = {
  SO_REUSEADDR: { level: 1, number: 2, initial: 0, set: flag },
  SO_SNDBUF: {
    level: 1,
    number: 7,
    initial: (owner) => (isTcp(owner) ? 16384 : NEW_BUFFER),
    set: (value) => Math.max(SEND_MIN, 2 * Math.min(value >>> 0, BUFFER_MAX)),
  },
  SO_RCVBUF: {
    level: 1,
    number: 8,
    initial: (owner) => (isTcp(owner) ? 131072 : NEW_BUFFER),
    set: (value, owner) => {
      owner.put('locked', 1);
      return Math.max(RECEIVE_MIN, 2 * Math.min(value >>> 0, BUFFER_MAX));
    },
  },
  SO_KEEPALIVE: { level: 1, number: 9, initial: 0, set: flag },
  SO_PRIORITY: { level: 1, number: 12, initial: 0, set: any },
  SO_REUSEPORT: {
    level: 1,
    number: 15,
    initial: 0,
    set: (value, owner) => (value !== 0 && !isTcp(owner) ? EOPNOTSUPP : flag(value)),
  },
  SO_RCVLOWAT: { level: 1, number: 18, initial: 1, set: lowWater },
  SO_MARK: { level: 1, number: 36, initial: 0, set: any },
  SO_MAX_PACING_RATE: { level: 1, number: 47, initial: -1, set: any },
  SO_BINDTOIFINDEX: { level: 1, number: 62, initial: 0, set: within(0, INT_MAX) },
  SO_TXREHASH: {
    level: 1,
    number: 74,
    initial: 1,
    set: (value) => (value < -1 || value > 1 ? EINVAL : Math.abs(value)),
    of: isTcp,
    otherwise: EOPNOTSUPP,
  },
  IP_TOS: {
    level: 0,
    number: 1,
    initial: 0,
    set: (value, owner) => {
      const old = owner.value('IP_TOS');
      const tos = trafficClass(value, old);
      if (tos !== old) owner.put('SO_PRIORITY', PRIORITIES[(tos & 0x1e) >> 3] ?? 0);
      return tos;
    },
    of: (owner) => owner.family === 'ipv4' || (owner.family === 'ipv6' && owner.value('IPV6_V6ONLY') === 0),
  },
  /** Programs neither get nor set it; a description may have it. */
  IPV6_V6ONLY: { level: 41, number: 26, initial: 0, set: () => EINVAL, of: () => false },
  IPV6_TCLASS: {
    level: 41,
    number: 67,
    initial: 0,
    set: (value, owner) =>
      value < -1 || value > 0xff ? EINVAL : trafficClass(Math.max(0, value), owner.value('IPV6_TCLASS')),
    of: ({ family }) => family === 'ipv6',
  },
  IPV6_AUTOFLOWLABEL: { level: 41, number: 70, initial: 1, set: flag, of: ({ family }) => family === 'ipv6' },
  TCP_NODELAY: { level: 6, number: 1, initial: 0, set: flag, of: isTcp },
  TCP_MAXSEG: {
    level: 6,
    number: 2,
    initial: NEW_MSS,
    set: (value, owner) => {
      if (value !== 0 && (value < 88 || value > 32767)) return EINVAL;
      // Of connections, what the ends have agreed on is shown.
      if (!owner.isListening) return owner.value('TCP_MAXSEG');
      return value === 0 ? NEW_MSS : value;
    },
    of: isTcp,
  },
  TCP_KEEPIDLE: { level: 6, number: 4, initial: 7200, set: within(1, 32767), of: isTcp },
  TCP_KEEPINTVL: { level: 6, number: 5, initial: 75, set: within(1, 32767), of: isTcp },
  TCP_KEEPCNT: { level: 6, number: 6, initial: 9, set: within(1, 127), of: isTcp },
  TCP_SYNCNT: { level: 6, number: 7, initial: 6, set: within(1, 127), of: isTcp },
  TCP_WINDOW_CLAMP: {
    level: 6,
    number: 10,
    initial: 0,
    set: (value) => (value === 0 ? EINVAL : Math.max(value, RECEIVE_MIN / 2)),
    of: isTcp,
  },
  TCP_THIN_LINEAR_TIMEOUTS: { level: 6, number: 16, initial: 0, set: within(0, 1), of: isTcp },
  TCP_USER_TIMEOUT: { level: 6, number: 18, initial: 0, set: within(0, INT_MAX), of: isTcp },
  TCP_NOTSENT_LOWAT: { level: 6, number: 25, initial: 0, set: any, of: isTcp },
  TCP_SAVE_SYN: { level: 6, number: 27, initial: 0, set: within(0, 2), of: isTcp },
  TCP_RTO_MAX_MS: {
    level: 6,
    number: 44,
    initial: 120000,
    set: (value) =>
      value < 1000 || value > 120000 ? EINVAL : Math.ceil(value / MILLISECONDS_PER_JIFFY) * MILLISECONDS_PER_JIFFY,
    of: isTcp,
  },
  TCP_BPF_DELACK_MAX: { level: 6, number: 1003, initial: 200000, set: microseconds, of: isTcp },
  TCP_BPF_RTO_MIN: { level: 6, number: 1004, initial: 200000, set: microseconds, of: isTcp },
  TCP_BPF_SOCK_OPS_CB_FLAGS: { level: 6, number: 1008, initial: 0, set: within(0, 0x7f), of: isTcp },
} satisfies Record<string, Rule>;

export type OptionName = keyof typeof rules;

/** What a socket's description may say of its options. */
export type SocketOptions = { readonly [Name in OptionName]?: number } & {
  /** Name of its congestion control. Default `cubic`. */
  readonly TCP_CONGESTION?: string;
};

const table: Readonly<Record<string, Rule>> = rules;

export const isOption = (name: string): boolean => name === 'TCP_CONGESTION' || Object.hasOwn(rules, name);

/** TCP_SAVED_SYN: got only where a SYN was saved, and never set. */
const SAVED_SYN = 28;

const byNumber = new Map(
  Object.entries(table).map(([name, rule]) => [`${rule.level}/${rule.number}`, { name, rule }] as const),
);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The options of one socket. */
export class SocketOptionValues implements Owner {
  readonly family: Owner['family'];
  readonly isListening: boolean;
  readonly #congestionControls: readonly string[];
  readonly #values = new Map<string, number>();
  #congestionControl: string;

  /** @param congestionControls those that there are */
  constructor(
    family: Owner['family'],
    isListening: boolean,
    { TCP_CONGESTION: name = 'cubic', ...described }: SocketOptions,
    congestionControls: readonly string[],
  ) {
    this.family = family;
    this.isListening = isListening;
    this.#congestionControl = name;
    this.#congestionControls = congestionControls;
    for (const [option, value = 0] of Object.entries(described)) this.#values.set(option, value);
  }

  value(name: string): number {
    const initial = table[name]?.initial ?? 0;
    return this.#values.get(name) ?? (typeof initial === 'number' ? initial : initial(this));
  }

  put(name: string, value: number): void {
    this.#values.set(name, value);
  }

  hidden(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** As bpf_getsockopt(). @returns what is written, from the beginning of the buffer on, or a negative errno */
  get(level: number, number: number, size: number): Uint8Array | number {
    if (level === SOL_TCP && number === TCP_CONGESTION && isTcp(this)) {
      if (size < 2) return -EINVAL.errno;
      const bytes = new Uint8Array(size);
      encoder.encodeInto(this.#congestionControl, bytes.subarray(0, Math.min(size - 1, NAME_SIZE)));
      return bytes;
    }
    const found = this.#find(level, number, size);
    if ('errno' in found) return -found.errno;
    const bytes = new Uint8Array(INT_SIZE);
    new DataView(bytes.buffer).setInt32(0, this.value(found.name), true);
    return bytes;
  }

  /** As bpf_setsockopt(). @returns 0 or a negative errno */
  set(level: number, number: number, bytes: Uint8Array): number {
    if (level === SOL_TCP && number === TCP_CONGESTION && isTcp(this)) return this.#setCongestionControl(bytes);
    if (level === SOL_TCP && number === SAVED_SYN && isTcp(this)) {
      return bytes.length < 1 ? -EINVAL.errno : -ENOPROTOOPT.errno;
    }
    // There are no devices; an empty name takes a socket from the one that it is bound to.
    if (level === SOL_SOCKET && number === SO_BINDTODEVICE) return (bytes[0] ?? 0) === 0 ? 0 : -ENODEV.errno;
    const found = this.#find(level, number, bytes.length);
    if ('errno' in found) return -found.errno;
    const value = found.rule.set(new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true), this);
    if (typeof value !== 'number') return -value.errno;
    this.put(found.name, value);
    return 0;
  }

  #find(level: number, number: number, size: number): { readonly name: string; readonly rule: Rule } | Refused {
    const found = byNumber.get(`${level}/${number}`);
    if (found === undefined || size !== INT_SIZE) return EINVAL;
    return found.rule.of?.(this) === false ? (found.rule.otherwise ?? EINVAL) : found;
  }

  #setCongestionControl(bytes: Uint8Array): number {
    if (bytes.length < 2) return -EINVAL.errno;
    const text = bytes.subarray(0, NAME_SIZE - 1);
    const end = text.indexOf(0);
    const name = decoder.decode(end < 0 ? text : text.subarray(0, end));
    if (name === 'cdg') return -ENOTSUPP.errno;
    if (!this.#congestionControls.includes(name)) return -ENOENT.errno;
    this.#congestionControl = name;
    return 0;
  }
}
