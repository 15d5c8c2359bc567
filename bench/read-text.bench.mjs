/**
 * Reading a text iterator (all symbols of the kernel, some 100,000 lines) to its end, beside a C program that does open(2) and read(2) on the
 * same link. The kernel's own work is the larger part of both.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadObject, openKernel } from '../dist/index.js';
import { milliseconds, Skip, takeTurns } from './measure.mjs';

export const name = 'read text';

const LIMIT = 1.3;
const object = fileURLToPath(new URL('../programs/ksym.bpf.o', import.meta.url));

const cReader = String.raw`
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* For each byte of standard input reads PATH to its end, counting lines if the byte is an 'l'; prints nanoseconds, bytes and lines. */
int main(int argc, char **argv)
{
	static char buffer[32768];
	struct timespec start, end;
	char command;

	while (argc == 2 && read(0, &command, 1) == 1) {
		long bytes = 0, lines = 0;
		ssize_t count;

		clock_gettime(CLOCK_MONOTONIC, &start);
		int fd = open(argv[1], O_RDONLY);
		if (fd < 0) return perror("open"), 1;
		while ((count = read(fd, buffer, sizeof(buffer))) != 0) {
			if (count < 0) {
				if (errno == EAGAIN || errno == EINTR) continue;
				return perror("read"), 1;
			}
			bytes += count;
			if (command == 'l')
				for (char *at = buffer; (at = memchr(at, '\n', buffer + count - at)) != NULL; at++) lines++;
		}
		close(fd);
		clock_gettime(CLOCK_MONOTONIC, &end);
		printf("%lld %ld %ld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec, bytes, lines);
		fflush(stdout);
	}
}
`;

export async function run() {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-bench-'));
  const pin = `/sys/fs/bpf/bpfiter-bench-${process.pid}`;
  const cleanUp = () => {
    rmSync(pin, { force: true });
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', cleanUp);
  let kernel;
  try {
    const reader = compile(directory);
    kernel = await permitted(() => openKernel());
    const loaded = await permitted(async () => kernel.load(await loadObject(object)));
    const link = loaded.programs[0].attachIter();
    link.pin(pin);
    // One process for all rounds, as there is one of Node.
    const child = spawn(reader, [pin], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      return await measure(child, link);
    } finally {
      child.stdin.end();
    }
  } finally {
    cleanUp();
    process.off('exit', cleanUp);
    kernel?.close();
  }
}

async function measure(child, link) {
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const counts = {};
  const inC = async (what, command) => {
    child.stdin.write(command);
    const { value, done } = await answers.next();
    if (done) throw new Error('the C reader ended early');
    const [nanoseconds, bytes, lines] = value.split(' ').map(Number);
    counts[what] = lines > 0 ? lines : bytes;
    return nanoseconds / 1e6;
  };
  const here = (what, count) => async () => {
    const time = await milliseconds(async () => {
      counts[what] = await count(link.open());
    });
    return time;
  };
  const times = await takeTurns({
    'C, read': () => inC('C, read', 'r'),
    'session.bytes': here('session.bytes', async (session) => {
      let bytes = 0;
      for await (const chunk of session.bytes()) bytes += chunk.length;
      return bytes;
    }),
    'session.text': here('session.text', async (session) => (await session.text()).length),
    'C, lines counted': () => inC('C, lines counted', 'l'),
    'session.lines': here('session.lines', async (session) => {
      let lines = 0;
      for await (const _ of session.lines()) lines += 1;
      return lines;
    }),
  });
  if (counts['session.bytes'] !== counts['C, read'] || counts['session.lines'] !== counts['C, lines counted']) {
    throw new Error(`the readers saw different output: ${JSON.stringify(counts)}`);
  }
  return Object.entries(times).map(([what, value]) => {
    const to = what.endsWith('lines') || what.endsWith('counted') ? 'C, lines counted' : 'C, read';
    const ratio = value / times[to];
    const wanted = what.startsWith('session') && { text: `<= ${LIMIT}`, met: ratio <= LIMIT };
    return { what: `${what} (${counts[what]})`, value, unit: 'ms', ratio, to, ...(wanted && { wanted }) };
  });
}

function compile(directory) {
  const source = join(directory, 'reader.c');
  const output = join(directory, 'reader');
  writeFileSync(source, cReader);
  for (const compiler of ['cc', 'gcc', 'clang']) {
    const { error, status, stderr } = spawnSync(compiler, ['-O2', '-o', output, source], { encoding: 'utf8' });
    if (error !== undefined) continue;
    if (status !== 0) throw new Error(`${compiler}: ${stderr}`);
    return output;
  }
  throw new Skip('no C compiler (cc, gcc or clang)');
}

/** Lack of privilege is a reason to skip, not a failure. */
async function permitted(action) {
  try {
    return await action();
  } catch (error) {
    if (error.code === 'not-permitted' || error.code === 'unsupported') throw new Skip(error.message);
    throw error;
  }
}
