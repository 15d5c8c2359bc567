/** Run once around all tests (globalSetup): a directory for their files, which goes with them whatever becomes of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'bpfiter-tests-'));
  process.env.BPFITER_TESTS = directory;
  return () => rmSync(directory, { recursive: true });
}
