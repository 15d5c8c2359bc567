/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The path of an open file, in a buffer that belongs to the reading task.
 *
 * A path has up to 4096 bytes and a BPF stack 512, so the buffer is outside the program. A global variable would be
 * shared by all readers of one pinned iterator, who would print each other's paths; task storage gives each of them
 * their own.
 */
#ifndef BPFITER_PATH_H
#define BPFITER_PATH_H

#define PATH_MAX 4096

struct path_buffer {
	char bytes[PATH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct path_buffer);
} path_buffers SEC(".maps");

/* NULL if there is no memory for the buffer or the path is longer than it. Valid until the next call. */
static __always_inline const char *file_path(struct file *file)
{
	struct path_buffer *buffer;

	buffer = bpf_task_storage_get(&path_buffers, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!buffer || bpf_d_path((struct path *)&file->f_path, buffer->bytes, sizeof(buffer->bytes)) < 0)
		return NULL;
	return buffer->bytes;
}

#endif
