/** Preparing linked objects for verification. */
export { kindOf, VerifierInput } from './prepare.ts';
export { FieldError, KERNEL_BTF, PROGRAM_BTF } from './special-fields.ts';
