/** Whether a program may be attached to what it says, as far as the kernel asks when it loads the program. */
import type { Env } from '../environment.ts';
import { isGplCompatible } from '../license.ts';

/** To be called once the control flow is known: the kernel looks at it then, as it wants to know what functions do. */
export function checkAttachment(env: Env): void {
  const { attachBtfId, attachModule, attachesToProgram, license } = env.program;
  if (attachesToProgram) env.unsupported('a program that is attached to a program');
  if (attachModule !== undefined) env.unsupported(`a program that is attached to the module ${attachModule}`);
  const refusal = env.profile.attachRefusal(env.kind, attachBtfId, isGplCompatible(license));
  if (refusal === undefined) return;
  if (refusal.message === '') env.rejectAsSaid(refusal.errno);
  env.reject(refusal.errno, 'attachment-refused', { reason: refusal.message });
}
