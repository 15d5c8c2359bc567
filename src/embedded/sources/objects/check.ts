/** Checks that what a description refers to is there, and that no number stands for two things. */
import { BpfiterError } from '../../../errors.ts';
import type { SlabCacheDescription, SystemDescription } from './descriptions.ts';

const COMM_SIZE = 16;
const DMA_BUF_NAME_LEN = 32;
const TICK_NS = 10_000_000;

/** @throws BpfiterError `usage` with the number of the task and what is wrong with it */
export function checkDescription(description: SystemDescription): void {
  const { tasks, current, slabCaches = [], dmaBuffers = [] } = description;
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
  for (const cache of slabCaches) checkSlabCache(cache);
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

function checkSlabCache({ name, pagesPerSlab = 1 }: SlabCacheDescription): void {
  if (!/^[^\s/]+$/.test(name)) throw fault(`slab cache '${name}': no name of a slab cache`);
  if (!Number.isInteger(Math.log2(pagesPerSlab)))
    throw fault(`slab cache ${name}: ${pagesPerSlab} pages are no power of two`);
}

const fault = (message: string): BpfiterError => new BpfiterError('usage', message);
