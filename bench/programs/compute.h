/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Work without helpers and maps, the same source for BPF and for the machine itself: each function does its work once
 * over its own memory and returns what the compiler must not leave out.
 */
#ifndef COMPUTE_H
#define COMPUTE_H

#define WORDS 2048
#define BYTES 4096
#define SORTED 128

/* What BPF programs reach in these arrays has to be within them for every value: sizes are powers of 2. */
#define AT(array, index) array[(index) & (sizeof(array) / sizeof(array[0]) - 1)]

static u64 words[WORDS];
static u8 bytes[BYTES];
static u8 composite[BYTES];
static u32 unsorted[SORTED];
static u32 next[WORDS];

/* Independent reads of memory. */
static __always_inline u32 work_sum(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < WORDS; i++)
		sum += words[i] ^ i;
	return sum;
}

/* One byte depends on the one before: multiplication's latency. */
static __always_inline u32 work_fnv(void)
{
	u64 hash = 0xcbf29ce484222325ULL;

	for (u32 i = 0; i < BYTES; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash ^ (hash >> 32);
}

/* Nested loops with strides. */
static __always_inline u32 work_sieve(void)
{
	u32 primes = 0;

	/* As a compiler for BPF cannot call memset(). */
	for (u32 i = 0; i < BYTES; i++)
		*(volatile u8 *)(composite + i) = 0;
	for (u32 i = 2; i < 64; i++) {
		if (composite[i])
			continue;
		for (u32 j = i * i; j < BYTES; j += i)
			AT(composite, j) = 1;
	}
	for (u32 i = 2; i < BYTES; i++)
		primes += !composite[i];
	return primes;
}

/* A sorting network: compare and exchange in memory. */
static __always_inline u32 work_sort(void)
{
	u32 seed = 12345;

	for (u32 i = 0; i < SORTED; i++) {
		seed = seed * 1664525 + 1013904223;
		unsorted[i] = seed >> 8;
	}
	for (u32 size = 2; size <= SORTED; size <<= 1) {
		for (u32 step = size >> 1; step > 0; step >>= 1) {
			for (u32 i = 0; i < SORTED; i++) {
				u32 other = i ^ step;

				if (other <= i)
					continue;
				u32 a = AT(unsorted, i), b = AT(unsorted, other);

				if ((a > b) == !(i & size)) {
					AT(unsorted, i) = b;
					AT(unsorted, other) = a;
				}
			}
		}
	}
	return unsorted[0] ^ unsorted[SORTED / 2] ^ unsorted[SORTED - 1];
}

/* Records of a type and a length: branches that depend on data. */
static __always_inline u32 work_parse(void)
{
	u32 at = 0, sum = 0;

	for (u32 i = 0; i < 1024; i++) {
		u32 type = AT(bytes, at), length = AT(bytes, at + 1) & 7;

		if (type < 64)
			sum += AT(bytes, at + 2);
		else if (type < 128)
			sum ^= AT(bytes, at + 2) << 8 | AT(bytes, at + 3);
		else if (type < 192)
			sum = sum << 1 | sum >> 31;
		else
			sum -= length;
		at += length + 2;
	}
	return sum;
}

#define ROTATE64(x, by) ((x) << (by) | (x) >> (64 - (by)))
#define ROTATE32(x, by) ((x) << (by) | (x) >> (32 - (by)))

/* Four lanes of 64-bit multiplications and rotations. */
static __always_inline u32 work_mix64(void)
{
	u64 a = 1, b = 2, c = 3, d = 4;

	for (u32 i = 0; i < WORDS; i += 4) {
		a = ROTATE64(a + words[i] * 0xc2b2ae3d27d4eb4fULL, 31) * 0x9e3779b185ebca87ULL;
		b = ROTATE64(b + words[i + 1] * 0xc2b2ae3d27d4eb4fULL, 31) * 0x9e3779b185ebca87ULL;
		c = ROTATE64(c + words[i + 2] * 0xc2b2ae3d27d4eb4fULL, 31) * 0x9e3779b185ebca87ULL;
		d = ROTATE64(d + words[i + 3] * 0xc2b2ae3d27d4eb4fULL, 31) * 0x9e3779b185ebca87ULL;
	}
	a = ROTATE64(a, 1) + ROTATE64(b, 7) + ROTATE64(c, 12) + ROTATE64(d, 18);
	return a ^ (a >> 32);
}

/* The same in 32 bits, one lane. */
static __always_inline u32 work_mix32(void)
{
	u32 hash = 17;

	for (u32 i = 0; i < BYTES; i += 4) {
		u32 k = *(u32 *)(bytes + i) * 0xcc9e2d51;

		k = ROTATE32(k, 15) * 0x1b873593;
		hash = ROTATE32(hash ^ k, 13) * 5 + 0xe6546b64;
	}
	return hash;
}

/* Each read says where the next one is. */
static __always_inline u32 work_chase(void)
{
	u32 at = 0;

	for (u32 i = 0; i < WORDS; i++)
		at = AT(next, at);
	return at;
}

/* More live values than registers. */
static __always_inline u32 work_spills(void)
{
	u64 a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, k = 9, l = 10, m = 11, n = 12;

	for (u32 i = 0; i < WORDS / 4; i++) {
		u64 word = words[i];

		a += word ^ n, b ^= a + l, c += b * 3, d ^= c >> 7, e += d + f, f ^= e << 3;
		g += f ^ a, h ^= g + b, k += h * 5, l ^= k >> 9, m += l + c, n ^= m << 5;
	}
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ k ^ l ^ m ^ n;
}

/* Fills the memory that the others read; once is enough. */
static __always_inline u32 work_fill(void)
{
	u64 seed = 88172645463325252ULL;

	for (u32 i = 0; i < WORDS; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		words[i] = seed;
		AT(bytes, i * 2) = seed;
		AT(bytes, i * 2 + 1) = seed >> 8;
		/* An odd step and a step of 4 k + 1 visit every place. */
		next[i] = (i * 1509 + 733) & (WORDS - 1);
	}
	return seed;
}

#define FOR_EACH_WORK(DO) \
	DO(sum) DO(fnv) DO(sieve) DO(sort) DO(parse) DO(mix64) DO(mix32) DO(chase) DO(spills)

#endif
