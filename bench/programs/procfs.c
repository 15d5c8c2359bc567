/*
 * What programs/task.bpf.c, task_file.bpf.c and task_vma.bpf.c print of all processes, out of the same files of /proc
 * that the embedded kernel reads for them. For each line `tasks`, `files` or `areas` it answers `NANOSECONDS LINES`.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char text[1 << 20], output[1 << 16];
static size_t used;
static long lines;

/* Room for one more line; what is full is given away, as a reader of the iterator does. */
static char *room(void)
{
	if (used > sizeof(output) - 8192)
		used = 0;
	lines++;
	return output + used;
}

static ssize_t read_file(const char *path)
{
	ssize_t length = 0, count;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while ((count = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += count;
	close(fd);
	text[length] = 0;
	return count < 0 ? -1 : length;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The names that are numbers, in order. */
static int numbers_of(const char *path, int **numbers)
{
	int count = 0, size = 0;
	struct dirent *entry;
	DIR *directory = opendir(path);

	*numbers = NULL;
	if (!directory)
		return 0;
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		if (count == size)
			*numbers = realloc(*numbers, (size = size ? size * 2 : 64) * sizeof(int));
		(*numbers)[count++] = atoi(entry->d_name);
	}
	closedir(directory);
	qsort(*numbers, count, sizeof(int), compare);
	return count;
}

/* The columns of stat up to the last one that is wanted. */
struct stat_columns {
	char *name, state;
	int name_length;
	long value[48];
};

static int read_stat(const char *path, struct stat_columns *stat, int last)
{
	char *at;

	if (read_file(path) <= 0)
		return 0;
	stat->name = strchr(text, '(') + 1;
	at = strrchr(text, ')');
	stat->name_length = at - stat->name;
	stat->state = at[2];
	at += 4;
	for (int column = 4; column <= last; column++)
		stat->value[column] = strtol(at, &at, 10);
	return 1;
}

static void show_task(int tgid, int pid, struct stat_columns *stat)
{
	used += sprintf(room(), "%8d %8d %8ld %c %.*s\n", tgid, pid, stat->value[4], stat->state, stat->name_length, stat->name);
}

static void tasks(int tgid)
{
	char path[64];
	struct stat_columns stat;
	int *threads, count;

	sprintf(path, "/proc/%d/stat", tgid);
	if (!read_stat(path, &stat, 20))
		return;
	show_task(tgid, tgid, &stat);
	if (stat.value[20] == 1)
		return;
	sprintf(path, "/proc/%d/task", tgid);
	count = numbers_of(path, &threads);
	for (int i = 0; i < count; i++) {
		sprintf(path, "/proc/%d/task/%d/stat", tgid, threads[i]);
		if (threads[i] != tgid && read_stat(path, &stat, 20))
			show_task(tgid, threads[i], &stat);
	}
	free(threads);
}

static void files(int tgid)
{
	char path[64], target[4096];
	int *fds, count;

	sprintf(path, "/proc/%d/fd", tgid);
	count = numbers_of(path, &fds);
	for (int i = 0; i < count; i++) {
		ssize_t length;

		sprintf(path, "/proc/%d/fd/%d", tgid, fds[i]);
		length = readlink(path, target, sizeof(target));
		if (length < 0)
			continue;
		used += sprintf(room(), "%8d %8d %6d %.*s\n", tgid, tgid, fds[i], (int)length, target);
	}
	free(fds);
}

static void areas(int tgid)
{
	char path[64];
	struct stat_columns stat;

	sprintf(path, "/proc/%d/stat", tgid);
	if (!read_stat(path, &stat, 47))
		return;
	sprintf(path, "/proc/%d/maps", tgid);
	if (read_file(path) <= 0)
		return;
	for (char *at = text, *end; *at; at = end + 1) {
		unsigned long first, last, offset, inode;
		unsigned int major, minor;
		char permissions[5];
		int name;

		end = strchr(at, '\n');
		*end = 0;
		first = strtoul(at, &at, 16);
		last = strtoul(at + 1, &at, 16);
		memcpy(permissions, at + 1, 4);
		permissions[4] = 0;
		offset = strtoul(at + 6, &at, 16);
		major = strtoul(at + 1, &at, 16);
		minor = strtoul(at + 1, &at, 16);
		inode = strtoul(at + 1, &at, 10);
		while (*at == ' ')
			at++;
		name = sprintf(room(), "%8d %08lx-%08lx %s %08lx %02x:%02x %lu ", tgid, first, last, permissions, offset, major,
			       minor, inode);
		used += name + sprintf(output + used + name, "%*s%s\n", name < 82 ? 82 - name : 0, "", at);
	}
}

int main(void)
{
	char command[16];

	while (scanf("%15s", command) == 1) {
		void (*show)(int) = *command == 't' ? tasks : *command == 'f' ? files : areas;
		struct timespec start, end;
		int *processes, count;

		used = lines = 0;
		clock_gettime(CLOCK_MONOTONIC, &start);
		count = numbers_of("/proc", &processes);
		for (int i = 0; i < count; i++)
			show(processes[i]);
		free(processes);
		clock_gettime(CLOCK_MONOTONIC, &end);
		printf("%lld %ld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec, lines);
		fflush(stdout);
	}
	return 0;
}
