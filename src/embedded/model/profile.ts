/** The embedded kernel to the verifier: the rules of Linux 6.18 over the types that the model has. */
import { type KernelProfile, type Linux618Options, linux618 } from '../../verifier/index.ts';
import type { Model } from './model.ts';

/** No lockdown hides helpers here; whether a helper is there is asked when a program is loaded. */
export function embeddedProfile(
  model: Model,
  options: Pick<Linux618Options, 'possibleCpus' | 'iteratorTargets'> = {},
): KernelProfile {
  return linux618(model.btf, { ...options, lockdown: 'none', symbols: 'all' });
}
