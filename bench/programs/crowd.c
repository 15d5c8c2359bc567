/*
 * Sleeping processes for the benchmark. Reads a line `PROCESSES FILES AREAS`, makes as many processes, each with so
 * many open files and memory areas, and answers `ready`. They end when standard input does, or with this process.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void open_files(int count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	while (count-- > 0)
		if (open("/dev/null", O_RDONLY) < 0)
			fail("open");
}

/* Every other page is of another kind than its neighbours, so that each is an area of its own. */
static void map_areas(int count)
{
	char *at = mmap(NULL, (size_t)count * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	for (int i = 0; i < count; i += 2)
		if (mprotect(at + (size_t)i * PAGE, PAGE, PROT_NONE) < 0)
			fail("mprotect");
}

int main(void)
{
	int processes, files, areas;
	pid_t parent = getpid(), *children;
	char rest[16];

	if (scanf("%d %d %d", &processes, &files, &areas) != 3)
		return 2;
	/* Children share what is made before they are. */
	open_files(files);
	if (areas > 0)
		map_areas(areas);
	children = calloc(processes, sizeof(*children));
	for (int i = 0; i < processes; i++) {
		children[i] = fork();
		if (children[i] < 0)
			fail("fork");
		if (children[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(0);
			close(0);
			close(1);
			for (;;)
				pause();
		}
	}
	printf("ready\n");
	fflush(stdout);
	while (read(0, rest, sizeof(rest)) > 0)
		;
	for (int i = 0; i < processes; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
