/* replay TARGET's driver: hands it every file of the folders on the command line, and says so in TAP. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static void replay(int folder, const char *name)
{
	struct stat st;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && fstat(fd, &st) == 0);
	uint8_t *octets = malloc((size_t)st.st_size + 1);
	must(octets && read(fd, octets, (size_t)st.st_size) == st.st_size);
	close(fd);
	printf("# %s\n", name); /* the last one said is the one that failed */
	fflush(stdout);
	uint8_t *exact = own_copy((struct slice){octets, (size_t)st.st_size});
	(void)LLVMFuzzerTestOneInput(exact, (size_t)st.st_size);
	free(exact);
	free(octets);
}

static unsigned replay_folder(const char *path)
{
	unsigned count = 0;
	const struct dirent *entry = NULL;
	DIR *folder = opendir(path);
	must(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		replay(dirfd(folder), entry->d_name);
		count++;
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		unsigned count = replay_folder(argv[i]);
		must(count > 0);
		printf("ok %d - %u inputs of %s\n", i, count, argv[i]);
	}
	return 0;
}
