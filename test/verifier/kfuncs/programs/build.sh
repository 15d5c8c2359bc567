#!/bin/sh
# Compiles the programs of this directory. The kernel's answers are recorded by programs.test.ts.
set -e
cd "$(dirname "$0")"
for source in *.bpf.c; do
  clang-22 --target=bpf -mcpu=v3 -g -O2 -Wall -Wno-unused-function -Wno-incompatible-function-pointer-types \
    -Wno-gnu-variable-sized-type-not-at-end -Wno-missing-declarations -D__TARGET_ARCH_x86 -c "$source" -o "${source%.c}.o"
  llvm-strip-22 -g "${source%.c}.o"
done
