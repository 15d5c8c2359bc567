import { beforeEach, describe, expect, test } from 'vitest';
import { BpfFileSystem, type Pinned } from '../../../src/embedded/iter/bpffs.ts';

class Thing implements Pinned {
  readonly kind = 'link';
  readonly what = 'a thing';
  held = 0;
  hold(): void {
    this.held += 1;
  }
  release(): void {
    this.held -= 1;
  }
}

let files: BpfFileSystem<Thing>;
let thing: Thing;
beforeEach(() => {
  files = new BpfFileSystem();
  thing = new Thing();
});

test('a pin holds its object until it is removed', () => {
  files.pin('/sys/fs/bpf/tasks', thing);
  expect(thing.held).toBe(1);
  expect(files.get('/sys/fs/./bpf//tasks')).toBe(thing);
  files.unpin('/sys/fs/bpf/tasks');
  expect(thing.held).toBe(0);
  expect(() => files.get('/sys/fs/bpf/tasks')).toThrow(expect.objectContaining({ code: 'not-found', errno: 2 }));
});

test('directories hold pins, and go only when they are empty', () => {
  files.makeDirectory('/sys/fs/bpf/mine');
  files.pin('/sys/fs/bpf/mine/b', thing);
  files.pin('/sys/fs/bpf/mine/a', thing);
  expect(files.list('/sys/fs/bpf/mine')).toEqual(['a', 'b']);
  expect(files.list()).toEqual(['mine']);
  expect(() => files.removeDirectory('/sys/fs/bpf/mine')).toThrow(expect.objectContaining({ errno: 39 }));
  files.clear();
  expect(thing.held).toBe(0);
  expect(files.list()).toEqual([]);
  files.makeDirectory('/sys/fs/bpf/mine');
  files.removeDirectory('/sys/fs/bpf/mine');
  expect(files.list()).toEqual([]);
});

describe('a pin is refused', () => {
  test.each<[path: string, errno: number, message: RegExp]>([
    ['/tmp/x', 1, /not in the BPF file system of the embedded kernel/],
    ['/sys/fs/bpf/../x', 1, /not in the BPF file system/],
    ['sys/fs/bpf/x', 1, /not in the BPF file system/],
    ['/sys/fs/bpf/a.b', 1, /may not contain a dot/],
    ['/sys/fs/bpf', 2, /names no file/],
    ['/sys/fs/bpf/x/', 2, /names no file/],
    ['', 2, /names no file/],
    ['/sys/fs/bpf/none/x', 2, /there is no directory '\/sys\/fs\/bpf\/none'/],
    ['/sys/fs/bpf/taken', 17, /already exists/],
    ['/sys/fs/bpf/taken/x', 20, /there is no directory/],
  ])('at %s', (path, errno, message) => {
    files.pin('/sys/fs/bpf/taken', thing);
    expect(() => files.pin(path, thing)).toThrow(expect.objectContaining({ errno }));
    expect(() => files.pin(path, thing)).toThrow(message);
    expect(thing.held).toBe(1);
  });
});
