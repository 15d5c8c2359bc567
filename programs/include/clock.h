/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Times of the kernel's clock, jiffies, as user space counts them: in hundredths of a second (USER_HZ).
 *
 * How many jiffies a second has is an option of the kernel's build. A __kconfig variable gets its value when the object
 * is loaded, from /proc/config.gz or the file in /boot.
 */
#ifndef BPFITER_CLOCK_H
#define BPFITER_CLOCK_H

#define USER_HZ 100

extern int CONFIG_HZ __kconfig;

static __always_inline __u64 clock_ticks(__u64 jiffies)
{
	return jiffies * USER_HZ / CONFIG_HZ;
}

/* Zero for a time that has passed. */
static __always_inline __u64 clock_ticks_until(__u64 jiffies)
{
	__s64 left = jiffies - bpf_jiffies64();

	return left > 0 ? clock_ticks(left) : 0;
}

#endif
