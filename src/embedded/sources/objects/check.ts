/** Checks that what a description refers to is there, and that no number stands for two things. */
import { BpfiterError } from '../../../errors.ts';
import type {
  AreaDescription,
  SlabCacheDescription,
  SymbolDescription,
  SystemDescription,
  TaskDescription,
  ThreadDescription,
} from './descriptions.ts';
import { parseEndpoint } from './internet-address.ts';
import { argumentBytes, isStack } from './process-memory.ts';
import {
  SOCKET_PROTOCOLS,
  type SocketDescription,
  TCP_STATES,
  UNIX_STATES,
  UNIX_TYPES,
} from './socket-descriptions.ts';
import { isOption } from './socket-options.ts';
import { isWhole, numbered, tcpStateOf } from './socket-tables.ts';
import { SYSTEM_CALL_ARGUMENTS } from './texts.ts';

const COMM_SIZE = 16;
const DMA_BUF_NAME_LEN = 32;
const TICK_NS = 10_000_000;
/** Below are none of the kernel's. */
const FIRST_ADDRESS = 0xffff_0000_0000_0000n;

/** @throws BpfiterError `usage` with the number of the task and what is wrong with it */
export function checkDescription(description: SystemDescription): void {
  if (!isList(description?.tasks)) throw fault('a system is described by an object with tasks: { tasks: [] }');
  const { tasks, current, slabCaches = [], dmaBuffers = [], sockets, symbols = [] } = description;
  const taken = new Set<number>();
  const take = (number: number, what: string) => {
    if (!Number.isInteger(number) || number <= 0) throw fault(`${number} is no number of a ${what}`);
    if (taken.has(number)) throw fault(`two tasks have the number ${number}`);
    taken.add(number);
  };
  for (const { pid, threads = [] } of tasks) {
    take(pid, 'process');
    for (const { tid } of threads) take(tid, 'thread');
  }
  const pids = new Set(tasks.map(({ pid }) => pid));
  for (const { pid, parent = 0, files = [], areas = [], threads = [], ...task } of tasks) {
    const what = `task ${pid}`;
    if (parent !== 0 && !pids.has(parent)) throw fault(`${what}: its parent ${parent} is not among the tasks`);
    const fds = files.map(({ fd }) => fd);
    const twice = fds.find((fd, index) => fds.indexOf(fd) !== index);
    if (twice !== undefined) throw fault(`${what}: two files have the descriptor ${twice}`);
    let end = 0;
    for (const area of areas) {
      const range = `${area.start.toString(16)}-${area.end.toString(16)}`;
      if (area.start % 4096 !== 0 || area.end % 4096 !== 0 || area.end <= area.start) {
        throw fault(`${what}: ${range} is no range of pages`);
      }
      if (area.start < end) throw fault(`${what}: area ${range} is not above the one before it`);
      end = area.end;
    }
    for (const thread of [task, ...threads]) {
      const { comm = '', startTime = 0, userTime = 0, systemTime = 0 } = thread;
      if (new TextEncoder().encode(comm).length >= COMM_SIZE) throw fault(`${what}: '${comm}' has more than 15 bytes`);
      for (const time of [startTime, userTime, systemTime]) {
        if (time % TICK_NS !== 0) throw fault(`${what}: ${time} ns is no multiple of 10 ms, which is what /proc tells`);
      }
    }
  }
  for (const task of tasks) checkMemory(task);
  for (const task of tasks) {
    for (const thread of [task, ...(task.threads ?? [])]) {
      checkStack(task, thread);
      checkRegisters(task, thread);
    }
  }
  if (sockets !== undefined) checkSockets(sockets, tasks);
  for (const cache of slabCaches) checkSlabCache(cache);
  checkSymbols(symbols);
  const inodes = dmaBuffers.map(({ ino }, index) => ino ?? index + 1);
  for (const [index, { name }] of dmaBuffers.entries()) {
    const what = `dma-buf ${name ?? inodes[index]}`;
    if (inodes.indexOf(inodes[index] ?? 0) !== index) throw fault(`${what}: another has the inode ${inodes[index]}`);
    if (name?.includes('\n')) throw fault(`${what}: there is a line break in its name`);
    if (new TextEncoder().encode(name).length >= DMA_BUF_NAME_LEN)
      throw fault(`${what}: its name has more than 31 bytes`);
  }
  if (current !== undefined && !pids.has(current)) throw fault(`the current task ${current} is not among the tasks`);
}

const isAddress = (address: unknown, from: bigint): boolean =>
  typeof address === 'bigint' && address >= from && address < 1n << 64n;

function checkRegisters({ pid }: TaskDescription, { registers }: ThreadDescription): void {
  if (registers === undefined) return;
  const { ip, sp, systemCallArguments = [] } = registers;
  const odd = [ip, sp, ...systemCallArguments].find((value) => !isAddress(value, 0n));
  if (odd !== undefined) throw fault(`task ${pid}: ${odd} is no value of a register (a BigInt)`);
  if (systemCallArguments.length > SYSTEM_CALL_ARGUMENTS) throw fault(`task ${pid}: a system call has six arguments`);
}

function checkStack({ pid }: TaskDescription, { stack = [] }: ThreadDescription): void {
  const odd = stack.find((address) => !isAddress(address, 0n));
  if (odd !== undefined) throw fault(`task ${pid}: ${odd} is no address on a stack (a BigInt)`);
}

/** What has no line of its own in /proc/kallsyms, or none where it is. */
function checkSymbols(symbols: readonly SymbolDescription[]): void {
  let last: bigint | undefined;
  let ofModules = false;
  for (const { name, address, type = 'T', module } of symbols) {
    const what = `symbol ${name}`;
    if (!/^\S+$/.test(name)) throw fault(`'${name}' is no name of a symbol`);
    if (!isAddress(address, FIRST_ADDRESS)) throw fault(`${what}: ${address} is no address of the kernel's (a BigInt)`);
    if (!/^[A-Za-z]$/.test(type)) throw fault(`${what}: its type is a letter, not '${type}'`);
    if (module !== undefined && !/^[^\s\]]+$/.test(module)) throw fault(`${what}: '${module}' is no name of a module`);
    if (module !== undefined) ofModules = true;
    else if (ofModules || (last !== undefined && address < last)) {
      throw fault(`${what}: the kernel's own symbols come first, in the order of their addresses`);
    } else last = address;
  }
}

function checkMemory(task: TaskDescription): void {
  const { pid, arguments: args = [], environment = {}, areas = [], kernelThread = false } = task;
  const what = `task ${pid}`;
  for (const { start, end, contents } of areas) {
    if (contents !== undefined && contents.length > end - start) {
      throw fault(`${what}: its area ${start.toString(16)}-${end.toString(16)} has more contents than room`);
    }
  }
  const strings = [...args, ...Object.entries(environment).flat()];
  const odd = strings.find((text) => typeof text !== 'string');
  if (odd !== undefined) throw fault(`${what}: arguments and variables are strings, not ${odd}`);
  if (strings.length > 0 && kernelThread) throw fault(`${what}: a kernel thread has no arguments and no environment`);
  if (strings.some((text) => text.includes('\0')))
    throw fault(`${what}: there is a NUL in its arguments or environment`);
  const named = Object.keys(environment).find((name) => name === '' || name.includes('='));
  if (named !== undefined) throw fault(`${what}: '${named}' is no name of a variable`);
  const stack: AreaDescription | undefined = areas.find(isStack);
  const [ofArguments, ofEnvironment] = argumentBytes(task);
  if (stack !== undefined && ofArguments.length + ofEnvironment.length > stack.end - stack.start) {
    throw fault(`${what}: its stack has no room for its arguments and environment`);
  }
}

const SOCKET_FILE = /^socket:\[(\d+)\]$/;

function checkSockets(sockets: readonly SocketDescription[], tasks: readonly TaskDescription[]): void {
  const taken = new Set<number>();
  numbered(sockets).forEach((socket, index) => {
    const what = `socket ${index} (${socket.protocol})`;
    checkChoices(what, socket);
    checkOptions(what, socket);
    const { ino } = socket;
    if (!isWhole(socket)) {
      if (ino !== 0) throw fault(`${what}: there is no inode in its state`);
    } else if (!Number.isInteger(ino) || ino <= 0) throw fault(`${what}: ${ino} is no number of an inode`);
    else if (taken.has(ino)) throw fault(`${what}: another has the inode ${ino}`);
    taken.add(ino);
    if (socket.protocol === 'tcp' || socket.protocol === 'udp') checkEnds(what, socket.local, socket.remote);
    if (socket.protocol === 'unix' && socket.path?.includes('\n'))
      throw fault(`${what}: there is a line break in its path`);
  });
  for (const { pid, files = [] } of tasks) {
    for (const { fd, path } of files) {
      const ino = SOCKET_FILE.exec(path)?.[1];
      if (ino !== undefined && !taken.has(Number(ino))) {
        throw fault(`task ${pid}: its file ${fd} is socket ${ino}, which is not among the sockets`);
      }
    }
  }
}

/** What types tell those who use them. */
function checkChoices(what: string, socket: SocketDescription): void {
  const check = (choices: object, choice: string) => {
    if (!Object.hasOwn(choices, choice)) {
      throw fault(`${what}: '${choice}' is none of ${Object.keys(choices).join(', ')}`);
    }
  };
  check(SOCKET_PROTOCOLS, socket.protocol);
  if (socket.protocol === 'tcp') check(TCP_STATES, tcpStateOf(socket));
  if (socket.protocol === 'unix') {
    check(UNIX_TYPES, socket.type ?? 'stream');
    check(UNIX_STATES, socket.state ?? 'unconnected');
  }
}

function checkOptions(what: string, socket: SocketDescription): void {
  const options = 'options' in socket ? (socket.options ?? {}) : {};
  const odd = Object.keys(options).find((name) => !isOption(name));
  if (odd !== undefined) throw fault(`${what}: '${odd}' is no option that programs can get or set`);
}

function checkEnds(what: string, ...texts: readonly (string | undefined)[]): void {
  const lengths = texts.flatMap((text) => {
    if (text === undefined) return [];
    const endpoint = parseEndpoint(text);
    if (endpoint !== undefined) return endpoint.address.length;
    throw fault(`${what}: '${text}' is no address with a port, as 127.0.0.1:80 or [::1]:80`);
  });
  if (new Set(lengths).size > 1) throw fault(`${what}: its ends are of two families`);
}

function checkSlabCache({ name, pagesPerSlab = 1 }: SlabCacheDescription): void {
  if (!/^[^\s/]+$/.test(name)) throw fault(`slab cache '${name}': no name of a slab cache`);
  if (!Number.isInteger(Math.log2(pagesPerSlab)))
    throw fault(`slab cache ${name}: ${pagesPerSlab} pages are no power of two`);
}

/** Not a guard: it would take the type of the elements away. */
const isList = (value: unknown): boolean => Array.isArray(value);

const fault = (message: string): BpfiterError => new BpfiterError('usage', message);
