/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuda-probe [--nodes-only] [--json] [NODE...]: does this container have its GPU?
 *
 * Finds libcuda.so.1 through the dynamic loader, calls into it, and opens every node: those named,
 * else every node that is mounted below /dev. Granted means that opening gives success or ENXIO (a
 * node without a driver behind it). Exit status 0 only if libcuda answers and every node is
 * granted. Runs inside images: links with nothing but libc.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_NODES 1024

struct probe {
	bool json;
	bool nodes_only;
	char path[PATH_MAX]; /* of libcuda */
	int cuda_version;
	int devices;
	const char *nodes[MAX_NODES];
	size_t n_nodes;
	unsigned granted, denied;
	unsigned mounted_libs, mounted_files, mounted_dirs, mounted_nodes;
};

static bool probe_cuda(struct probe *probe)
{
	void *cuda = dlopen("libcuda.so.1", RTLD_NOW);
	int (*init)(unsigned);
	int (*version)(int *);
	int (*count)(int *);
	struct link_map *map = NULL;

	if (cuda == NULL) {
		fprintf(stderr, "cuda-probe: %s\n", dlerror());
		return false;
	}
	if (dlinfo(cuda, RTLD_DI_LINKMAP, &map) == 0)
		snprintf(probe->path, sizeof(probe->path), "%s", map->l_name);
	*(void **)&init = dlsym(cuda, "cuInit");
	*(void **)&version = dlsym(cuda, "cuDriverGetVersion");
	*(void **)&count = dlsym(cuda, "cuDeviceGetCount");
	if (init == NULL || version == NULL || count == NULL) {
		fprintf(stderr, "cuda-probe: '%s' has no CUDA functions\n", probe->path);
		return false;
	}
	if (init(0) != 0 || version(&probe->cuda_version) != 0 || count(&probe->devices) != 0) {
		fprintf(stderr, "cuda-probe: '%s' does not answer\n", probe->path);
		return false;
	}
	return true;
}

static void probe_node(struct probe *probe, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int code = errno;

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || code == ENXIO) {
		probe->granted++;
		return;
	}
	probe->denied++;
	fprintf(stderr, "cuda-probe: %s: %s\n", path, strerror(code));
}

/* "\040" and the like of mountinfo. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		if (in[0] == '\\' && in[1] != '\0' && in[2] != '\0' && in[3] != '\0') {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

static void count_mount(struct probe *probe, const char *path, bool nodes)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (S_ISCHR(st.st_mode) && strncmp(path, "/dev/", 5) == 0 &&
	    strcmp(path, "/dev/console") != 0) {
		probe->mounted_nodes++;
		if (nodes && probe->n_nodes < MAX_NODES)
			probe->nodes[probe->n_nodes++] = strdup(path);
	} else if (S_ISREG(st.st_mode) && strncmp(path, "/proc/", 6) != 0) {
		if (strstr(path, ".so") != NULL)
			probe->mounted_libs++;
		else
			probe->mounted_files++;
	} else if (S_ISDIR(st.st_mode) && strncmp(path, "/usr/", 5) == 0) {
		probe->mounted_dirs++;
	}
}

static void read_mounts(struct probe *probe, bool nodes)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;

	if (file == NULL)
		return;
	while (getline(&line, &cap, file) > 0) {
		char *save = NULL;
		char *word = strtok_r(line, " ", &save);

		for (int i = 0; i < 4 && word != NULL; i++)
			word = strtok_r(NULL, " ", &save);
		if (word == NULL)
			continue;
		unescape(word);
		count_mount(probe, word, nodes);
	}
	free(line);
	fclose(file);
}

static void report(const struct probe *probe, bool cuda)
{
	if (probe->json) {
		printf("{\"libcuda\":\"%s\",\"cuda_version\":%d,\"devices\":%d,\"granted\":%u,"
		       "\"denied\":%u,\"mounted\":{\"libraries\":%u,\"files\":%u,\"dirs\":%u,"
		       "\"nodes\":%u}}\n",
		       probe->path, probe->cuda_version, probe->devices, probe->granted,
		       probe->denied, probe->mounted_libs, probe->mounted_files,
		       probe->mounted_dirs, probe->mounted_nodes);
		return;
	}
	if (cuda)
		printf("libcuda.so.1  %s: CUDA %d.%d, %d device%s\n", probe->path,
		       probe->cuda_version / 1000, probe->cuda_version % 1000 / 10, probe->devices,
		       probe->devices == 1 ? "" : "s");
	printf("mounted       %u libraries, %u other files, %u directories, %u nodes\n",
	       probe->mounted_libs, probe->mounted_files, probe->mounted_dirs,
	       probe->mounted_nodes);
	printf("nodes         %u granted, %u denied\n", probe->granted, probe->denied);
}

int main(int argc, char **argv)
{
	static struct probe probe;
	bool cuda = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			probe.json = true;
		else if (strcmp(argv[i], "--nodes-only") == 0)
			probe.nodes_only = true;
		else if (argv[i][0] == '/' && probe.n_nodes < MAX_NODES)
			probe.nodes[probe.n_nodes++] = argv[i];
		else
			return fprintf(stderr, "usage: cuda-probe [--nodes-only] [--json] "
					       "[NODE...]\n"),
			       2;
	}
	read_mounts(&probe, probe.n_nodes == 0);
	if (!probe.nodes_only)
		cuda = probe_cuda(&probe);
	for (size_t i = 0; i < probe.n_nodes; i++)
		probe_node(&probe, probe.nodes[i]);
	report(&probe, cuda);
	return (cuda || probe.nodes_only) && probe.denied == 0 && probe.granted > 0 ? 0 : 1;
}
