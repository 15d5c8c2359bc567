/**
 * Sockets and routes as structs of the model. A socket whose table is read again keeps its place and is filled anew.
 * Facts: the structs are those of Linux 6.18; what is filled with what says the model (model/sockets.ts, routes.ts).
 */

import { HZ } from '../../jiffies.ts';
import type { KernelMemory } from '../../memory/kernel-memory.ts';
import type { Model } from '../../model/index.ts';
import { AF_INET6, AF_UNIX, TCP_LISTEN, TCP_TIME_WAIT } from '../../socket-numbers.ts';
import type { SocketStruct } from '../source.ts';
import { put64, putField, putNumber, putPointer, putText } from '../write-memory.ts';
import { localInOtherForm, remoteInOtherForm } from './address-forms.ts';
import type { Route, SocketRecord, TcpRecord } from './records.ts';

const TCP_NEW_SYN_RECV = 12;
const TCP_INFINITE_SSTHRESH = 0x7fffffff;
const TIMER_KEEPALIVE = 2;
/** What icsk_pending is, by the timer that the table shows. */
const PENDING: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [4, 3],
]);
/** Times of tables are in hundredths of a second. */
const JIFFIES_PER_TICK = HZ / 100;

const RTF_GATEWAY = 2;
/** A socket that everybody may use: what all sockets' inodes have. */
const S_IFSOCK_777 = 0o140777;
const UNIX_PATH_MAX = 108;

/** Memory for a struct and what hangs on it, the same as long as it is known. */
export type Take = (struct: string, key: string, size: number) => number;

const encoder = new TextEncoder();

export class NetworkStructs {
  readonly #memory: KernelMemory;
  readonly #model: Model;
  readonly #take: Take;
  readonly #now: () => number;
  readonly #namespace: () => number;

  /**
   * @param now in jiffies
   * @param namespace offset of the struct net that all are in, 0 where that is not known
   */
  constructor(memory: KernelMemory, model: Model, take: Take, now: () => number, namespace: () => number) {
    this.#now = now;
    this.#namespace = namespace;
    this.#memory = memory;
    this.#model = model;
    this.#take = take;
  }

  /** @param held references that Linux's own iterator has while it shows the socket */
  udp(record: SocketRecord, held: number): number {
    const { at, put } = this.#struct('udp_sock', record.key);
    this.#socket('udp_sock', 'inet.sk', at, record, held);
    put('inet.inet_sport', swapped(record.local?.port ?? 0));
    return at;
  }

  tcp(record: TcpRecord, held: number): { readonly at: number; readonly struct: SocketStruct } {
    const { kind, key, timer, state } = record;
    if (kind === 'socket') return { at: this.#connection(record, held), struct: 'tcp_sock' };
    const struct = kind === 'timewait' ? 'tcp_timewait_sock' : 'tcp_request_sock';
    const { at, put } = this.#struct(struct, `${struct} ${key}`);
    const [outer, common] = kind === 'timewait' ? ['tw_sk', '__tw_common'] : ['req.req', '__req_common'];
    this.#common(struct, `${outer}.${common}`, at, record, held);
    put(`${outer}.${common}.skc_state`, kind === 'timewait' ? TCP_TIME_WAIT : TCP_NEW_SYN_RECV);
    if (kind === 'timewait') {
      put('tw_sk.tw_substate', state);
      put('tw_sk.tw_sport', swapped(record.local?.port ?? 0));
    } else put('req.req.num_timeout', record.retransmits);
    this.#timer(struct, kind === 'timewait' ? 'tw_sk.tw_timer' : 'req.req.rsk_timer', at, record, timer !== 0);
    return { at, struct };
  }

  #connection(record: TcpRecord, held: number): number {
    const { at, put } = this.#struct('tcp_sock', record.key);
    const { timer, quick = 0, threshold = 0 } = record;
    const connection = 'inet_conn';
    this.#socket('tcp_sock', `${connection}.icsk_inet.sk`, at, record, held);
    put(`${connection}.icsk_inet.inet_sport`, swapped(record.local?.port ?? 0));
    put(`${connection}.icsk_inet.sk.sk_ack_backlog`, record.backlog ?? 0);
    put(`${connection}.icsk_pending`, PENDING.get(timer) ?? 0);
    put(`${connection}.icsk_retransmits`, record.retransmits);
    put(`${connection}.icsk_probes_out`, record.probes ?? 0);
    put(`${connection}.icsk_rto`, (record.timeoutTicks ?? 0) * JIFFIES_PER_TICK);
    put(`${connection}.icsk_ack.ato`, (record.delayTicks ?? 0) * JIFFIES_PER_TICK);
    put(`${connection}.icsk_ack.quick`, quick >> 1);
    put(`${connection}.icsk_ack.pingpong`, quick & 1);
    this.#timer('tcp_sock', `${connection}.icsk_retransmit_timer`, at, record, PENDING.has(timer));
    this.#timer('tcp_sock', `${connection}.icsk_inet.sk.sk_timer`, at, record, timer === TIMER_KEEPALIVE);
    put('rcv_nxt', record.toReceive ?? 0);
    put('write_seq', record.toSend ?? 0);
    put('snd_cwnd', record.window ?? 0);
    const listens = record.state === TCP_LISTEN;
    put(`${connection}.icsk_accept_queue.fastopenq.max_qlen`, listens ? threshold : 0);
    put('snd_ssthresh', listens || threshold < 0 ? TCP_INFINITE_SSTHRESH : threshold);
    return at;
  }

  /** @param runs whether it is the one that the record tells of */
  #timer(name: string, path: string, at: number, { ticks }: TcpRecord, runs: boolean): void {
    const layout = this.#model.layoutOf(name);
    const entry = at + layout.field(`${path}.entry`).offset;
    putPointer(this.#memory, at + layout.field(`${path}.entry.pprev`).offset, runs ? entry : 0);
    const due = runs ? this.#now() + ticks * JIFFIES_PER_TICK : 0;
    put64(this.#memory, at + layout.field(`${path}.expires`).offset, due);
  }

  unix(record: SocketRecord, held: number): number {
    const { at, pointer } = this.#struct('unix_sock', record.key);
    this.#socket('unix_sock', 'sk', at, record, held);
    pointer('addr', record.path === undefined ? 0 : this.#unixAddress(record.key, record.path));
    return at;
  }

  netlink(record: SocketRecord): number {
    const { at, put, pointer } = this.#struct('netlink_sock', record.key);
    this.#socket('netlink_sock', 'sk', at, record, 0);
    put('portid', record.port ?? 0);
    put('cb_running', record.dumping ? 1 : 0);
    const { groups = 0 } = record;
    const words = groups === 0 ? 0 : this.#take('groups', record.key, 8);
    if (words !== 0) put64(this.#memory, words, groups);
    pointer('groups', words);
    return at;
  }

  route(record: Route): number {
    const { at, put, pointer, field } = this.#struct('fib6_info', record.key);
    const { u8 } = this.#memory;
    u8.set(record.to, at + field('fib6_dst.addr').offset);
    put('fib6_dst.plen', record.length);
    put('fib6_ref', record.references);
    put('fib6_flags', record.flags);
    put('fib6_metric', record.metric);
    pointer('nh', 0);
    const hop = at + field('fib6_nh').offset + this.#model.layoutOf('fib6_nh').field('nh_common').offset;
    const common = this.#model.layoutOf('fib_nh_common');
    const { device } = record;
    putPointer(this.#memory, hop + common.field('nhc_dev').offset, device === undefined ? 0 : this.#device(device));
    u8[hop + common.field('nhc_gw_family').offset] = (record.flags & RTF_GATEWAY) === 0 ? 0 : AF_INET6;
    u8.set(record.gateway, hop + common.field('nhc_gw.ipv6').offset);
    return at;
  }

  #struct(name: string, key: string) {
    const layout = this.#model.layoutOf(name);
    const at = this.#take(name, key, layout.size);
    const field = (path: string) => layout.field(path);
    const put = (path: string, value: number) => putField(this.#memory, at, field(path), value);
    const pointer = (path: string, to: number) => putPointer(this.#memory, at + field(path).offset, to);
    return { at, field, put, pointer };
  }

  /** @param path of the struct sock in the struct of that name, which begins with it */
  #socket(name: string, path: string, at: number, record: SocketRecord, held: number): void {
    const layout = this.#model.layoutOf(name);
    const put = (field: string, value: number) => putField(this.#memory, at, layout.field(`${path}.${field}`), value);
    this.#common(name, `${path}.__sk_common`, at, record, held);
    put('sk_type', record.type);
    put('sk_protocol', record.protocol);
    put('sk_backlog.rmem_alloc', record.toReceive ?? 0);
    put('sk_wmem_alloc', (record.toSend ?? 0) + 1);
    put('sk_drops', record.drops ?? 0);
    put('sk_ino', record.inode);
    const { offset } = layout.field(`${path}.sk_socket`);
    putPointer(this.#memory, at + offset, record.hasFile ? this.#file(record, at) : 0);
  }

  /** @param path of the struct sock_common */
  #common(name: string, path: string, at: number, record: SocketRecord, held: number): void {
    const layout = this.#model.layoutOf(name);
    const put = (field: string, value: number) => putField(this.#memory, at, layout.field(`${path}.${field}`), value);
    const address = (field: string, words: readonly number[]) => {
      const { offset } = layout.field(`${path}.skc_${words.length === 1 ? '' : 'v6_'}${field}`);
      words.forEach((word, index) => {
        putNumber(this.#memory, at + offset + 4 * index, 4, word);
      });
    };
    const { local, remote } = record;
    put('skc_family', record.family);
    put('skc_state', record.state);
    put('skc_refcnt', record.references + held);
    putPointer(this.#memory, at + layout.field(`${path}.skc_net.net`).offset, this.#namespace());
    if (local !== undefined) {
      address('rcv_saddr', local.words);
      address('rcv_saddr', localInOtherForm(record, local));
      put('skc_num', local.port);
    }
    if (remote !== undefined) {
      address('daddr', remote.words);
      address('daddr', remoteInOtherForm(record, remote));
      put('skc_dport', swapped(remote.port));
    }
  }

  /** The struct socket, with its inode behind it. */
  #file({ key, inode, type }: SocketRecord, sock: number): number {
    const { at, put, field } = this.#struct('socket_alloc', key);
    const socket = at + field('socket').offset;
    const layout = this.#model.layoutOf('socket');
    putPointer(this.#memory, socket + layout.field('sk').offset, sock);
    putNumber(this.#memory, socket + layout.field('type').offset, 2, type);
    put('vfs_inode.i_ino', inode);
    put('vfs_inode.i_mode', S_IFSOCK_777);
    return socket;
  }

  #unixAddress(key: string, path: string): number {
    const layout = this.#model.layoutOf('unix_address');
    const address = this.#model.layoutOf('sockaddr_un');
    const at = this.#take('unix_address', key, layout.size + address.size + 1);
    const name = at + layout.field('name').offset;
    const text = encoder.encode(path).subarray(0, UNIX_PATH_MAX);
    const isAbstract = path.startsWith('@');
    const start = name + address.field('sun_path').offset;
    putNumber(this.#memory, name + address.field('sun_family').offset, 2, AF_UNIX);
    this.#memory.u8.set(text, start);
    if (isAbstract) this.#memory.u8[start] = 0;
    // The end of a path counts, as it does for whoever binds one.
    const length = address.field('sun_path').offset + text.length + (isAbstract ? 0 : 1);
    putNumber(this.#memory, at + layout.field('len').offset, 4, length);
    return at;
  }

  #device(name: string): number {
    const layout = this.#model.layoutOf('net_device');
    const at = this.#take('net_device', name, layout.size);
    putText(this.#memory, at + layout.field('name').offset, name, layout.field('name').size);
    return at;
  }
}

/** A number of 16 bits in the order of the network. */
const swapped = (port: number): number => ((port & 0xff) << 8) | (port >> 8);
