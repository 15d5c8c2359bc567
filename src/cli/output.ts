/**
 * Standard output with back-pressure. A reader that goes away (`| head`) ends the program quietly, as it does for
 * other Unix tools: write() then throws OutputClosed, which the main program takes for a normal end. Anything else
 * that stops the output (a full disk) is a failure like others.
 */
import { BpfiterError } from '../errors.ts';
import { errnoDescription, errnoNumber } from '../uapi/index.ts';

export class OutputClosed extends Error {}

export class OutputFailed extends BpfiterError {}

/** What the system said of a file, as the kernel's errors are told: `No space left on device (ENOSPC)`. */
export function systemReason(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException; // what Node throws; of others there is no code
  return code === undefined ? message : `${errnoDescription(errnoNumber(code) ?? 0)} (${code})`;
}

let failure: Error | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  failure ??=
    error.code === 'EPIPE'
      ? new OutputClosed()
      : new OutputFailed('refused', `cannot write the output: ${systemReason(error)}`, { cause: error });
});
// Nobody is left to be told.
process.stderr.on('error', () => {});

/** Resolves when the stream takes more. @throws OutputClosed */
export async function write(chunk: string | Uint8Array): Promise<void> {
  if (failure !== undefined) throw failure;
  if (process.stdout.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const proceed = () => {
      process.stdout.off('drain', proceed);
      process.stdout.off('close', proceed);
      process.stdout.off('error', proceed);
      resolve();
    };
    process.stdout.once('drain', proceed);
    process.stdout.once('close', proceed);
    process.stdout.once('error', proceed);
  });
  if (failure !== undefined) throw failure;
}

export async function writeLine(line: string): Promise<void> {
  await write(`${line}\n`);
}

/** Waits until all is written. @throws OutputClosed, or why something could not be written */
export async function finishOutput(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  if (failure !== undefined) throw failure;
}
