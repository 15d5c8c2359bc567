/**
 * Standard output with back-pressure. A reader that goes away (`| head`) ends the program quietly, as it does for
 * other Unix tools: write() then throws OutputClosed, which the main program takes for a normal end.
 */

export class OutputClosed extends Error {}

let closed = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  closed = true;
});

/** Resolves when the stream takes more. @throws OutputClosed */
export async function write(chunk: string | Uint8Array): Promise<void> {
  if (closed) throw new OutputClosed();
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
  if (closed) throw new OutputClosed();
}

export async function writeLine(line: string): Promise<void> {
  await write(`${line}\n`);
}
