/**
 * `bpfiter targets`: the iterators that a kernel has. The list comes from its BTF; what its verifier makes of each
 * context, and which parameters and sleepable programs each takes, from asking the kernel where that is permitted.
 */
import type { EmbeddedKernel } from '../../embedded/index.ts';
import { bpfPermitted, hostUsable, kernelBtf, probeTarget } from '../../host/index.ts';
import {
  type IterTarget,
  iterTargetsOf,
  type OpenCodedIterator,
  openCodedIteratorsOf,
  type TargetProperties,
} from '../../iter-targets.ts';
import { formatJson } from '../../records/index.ts';
import type { Command, Invocation } from '../command.ts';
import { writeLine } from '../output.ts';

export const targets: Command = {
  name: 'targets',
  summary: 'list the iterator targets and open-coded iterators that the kernel has',
  usage: ['targets'],
  options: ['source'],

  async run(invocation) {
    invocation.words.end();
    const { kernel: choice = 'auto', source } = invocation.options;
    const permission = bpfPermitted();
    if (choice === 'embedded' || (choice === 'auto' && (source !== undefined || !hostUsable().ok))) {
      const kernel = (await invocation.openKernel()) as EmbeddedKernel; // what openKernel() gives for these
      const described = iterTargetsOf(kernel.btf()).map((target) => ({
        target,
        properties: kernel.describeTarget(target.name),
      }));
      const openCoded = openCodedIteratorsOf(kernel.btf());
      // Types are one thing, objects of them another: those that the source does not have cannot be walked.
      const [some, without] = partition(described, ({ properties }) => properties !== undefined);
      const [usable, unusable] = partition(openCoded, ({ name }) => kernel.hasFunction(`bpf_iter_${name}_new`));
      const lacking = [...without.map(({ target }) => target), ...unusable].map(({ name }) => name);
      if (lacking.length > 0) invocation.debug(`without objects, and left out: ${[...new Set(lacking)].join(', ')}`);
      await print(invocation, some, usable);
      return 0;
    }
    if (!permission.ok) invocation.debug(`listed from BTF alone: ${permission.reason}`);
    const described = iterTargetsOf(kernelBtf()).map((target) => ({
      target,
      properties: permission.ok ? probeTarget(target) : undefined,
    }));
    await print(invocation, described, openCodedIteratorsOf(kernelBtf()));
    return 0;
  },
};

interface Described {
  readonly target: IterTarget;
  readonly properties: TargetProperties | undefined;
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [first: T[], second: T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

async function print(
  { jsonIndent }: Invocation,
  described: readonly Described[],
  openCoded: readonly OpenCodedIterator[],
): Promise<void> {
  if (jsonIndent !== undefined) {
    const objects = { targets: described.map(jsonOf), openCoded: openCoded.map(openCodedJson) };
    await writeLine(formatJson(objects, jsonIndent));
    return;
  }
  const width = Math.max(...[...described.map(({ target }) => target), ...openCoded].map(({ name }) => name.length));
  await writeLine('Iterator targets: SEC("iter/NAME")');
  for (const { target, properties } of described) {
    await writeLine(`  ${target.name.padEnd(width)}  ${contextText(target, properties)}${featuresText(properties)}`);
  }
  await writeLine('\nOpen-coded iterators: bpf_for_each(NAME, item, arguments)');
  for (const { name, arguments: given, item } of openCoded) {
    const list = given.map((argument) => `${spaced(argument.type)}${argument.name}`).join(', ');
    await writeLine(`  ${name.padEnd(width)}  (${list}) -> ${spaced(`${item} *`)}`.trimEnd());
  }
}

/** `struct task_struct *` sticks to the name that follows, `u32` does not. */
const spaced = (type: string): string => (type.endsWith('*') ? type : `${type} `);

/** What every target's context begins with; saying it 18 times helps nobody. */
const isMeta = (name: string): boolean => name === 'meta';

function contextText({ context }: IterTarget, properties: TargetProperties | undefined): string {
  return context
    .map(({ name, type }, slot) => {
      const mayBeNull = properties?.registers[slot]?.includes('or_null') === true ? '?' : '';
      return isMeta(name) ? '' : `${spaced(type)}${name}${mayBeNull}`;
    })
    .filter((text) => text !== '')
    .join(', ');
}

function featuresText(properties: TargetProperties | undefined): string {
  if (properties === undefined) return '';
  const { parameter, sleepable } = properties;
  const features = [
    ...(parameter === undefined ? [] : [`parameter ${parameter}`]),
    ...(sleepable ? ['sleepable'] : []),
  ];
  return features.length === 0 ? '' : `  [${features.join(', ')}]`;
}

function jsonOf({ target, properties }: { target: IterTarget; properties: TargetProperties | undefined }): unknown {
  return {
    name: target.name,
    context: target.context.map(({ name, type }, slot) => ({
      name,
      type,
      register: properties?.registers[slot] ?? null,
    })),
    parameter: properties?.parameter ?? null,
    sleepable: properties?.sleepable ?? null,
  };
}

function openCodedJson({ name, size, arguments: given, item }: OpenCodedIterator): unknown {
  return { name, size, arguments: given, item };
}
