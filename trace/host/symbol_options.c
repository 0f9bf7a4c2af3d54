/* --symbols: which file names the code of which VM. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/host/commands.h"

#define HYPERVISOR "vitrine" /* of --symbols, unless a VM is called that */

/* MAX_VMS: none is called that. */
static uint32_t vm_named(const struct metadata *metadata, const char *name, size_t bytes)
{
	for (uint32_t i = 0; i < MAX_VMS; i++)
		if (metadata->vm[i].known && strlen(metadata->vm[i].name) == bytes &&
		    memcmp(metadata->vm[i].name, name, bytes) == 0)
			return i;
	return MAX_VMS;
}

/* The only VM there is; MAX_VMS: there are more, or none. */
static uint32_t only_vm(const struct metadata *metadata)
{
	uint32_t only = MAX_VMS, known = 0;

	for (uint32_t i = 0; i < MAX_VMS; i++)
		if (metadata->vm[i].known) {
			only = i;
			known++;
		}
	return known == 1 ? only : MAX_VMS;
}

/* A kernel with KASLR moved itself at boot: where to is told by any of its vCPUs that went idle. */
static void find_slide(struct symbol_table *table, const struct summary *summary,
		       const struct vm_info *vm)
{
	for (uint32_t i = 0; i < vm->vcpus && !table->slide; i++)
		symbols_find_slide(table, summary->idle_pc[(vm->first_vcpu + i) & 0xff]);
}

/* The hypervisor's ELF file and its image have the line of metadata with its version in them. */
static bool is_of_version(const char *path, const char *git)
{
	char line[TEXT_BYTES + 8], *data = NULL;
	size_t bytes = 0;
	FILE *file = fopen(path, "rb"), *copy = open_memstream(&data, &bytes);
	char part[4096];
	size_t got;
	bool found = false;

	snprintf(line, sizeof(line), "\ngit=%s\n", git);
	while (file && copy && (got = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, got, copy);
	if (file)
		fclose(file);
	if (copy && fclose(copy) == 0)
		found = memmem(data, bytes, line, strlen(line)) != NULL;
	free(data);
	return found;
}

static int read_hypervisor(struct symbol_set *set, const struct summary *summary, const char *path)
{
	const char *git = metadata_get(&summary->metadata, "git", "");

	symbols_free(set->hypervisor);
	set->hypervisor = symbols_read(path);
	if (!set->hypervisor)
		return EXIT_BAD_DATA;
	if (is_of_version(path, git))
		return EXIT_DONE;
	fprintf(stderr, "vtrace: %s: not the hypervisor that made the recording, git %s\n", path,
		git);
	return EXIT_BAD_DATA;
}

static int read_one(struct symbol_set *set, const struct arguments *arguments,
		    const struct summary *summary, const char *value)
{
	const struct metadata *metadata = &summary->metadata;
	const char *equals = strchr(value, '=');
	const uint32_t vm =
		equals ? vm_named(metadata, value, (size_t)(equals - value)) : only_vm(metadata);

	if (vm == MAX_VMS && equals && (size_t)(equals - value) == strlen(HYPERVISOR) &&
	    memcmp(value, HYPERVISOR, strlen(HYPERVISOR)) == 0)
		return read_hypervisor(set, summary, equals + 1);
	if (vm == MAX_VMS && equals)
		return usage_error(arguments, "--symbols: no VM of this recording is called '%.*s'",
				   (int)(equals - value), value);
	if (vm == MAX_VMS)
		return usage_error(arguments, "--symbols: say whose: VM=%s", value);
	symbols_free(set->vm[vm]);
	set->vm[vm] = symbols_read(equals ? equals + 1 : value);
	if (!set->vm[vm])
		return EXIT_BAD_DATA;
	find_slide(set->vm[vm], summary, &metadata->vm[vm]);
	return EXIT_DONE;
}

int symbols_check(const struct arguments *arguments, enum option_id id)
{
	for (uint32_t i = 0; i < arguments->options; i++) {
		const char *value = arguments->given[i].value, *equals = strchr(value, '=');
		const char *path = equals ? equals + 1 : value;

		if (arguments->given[i].id == id && access(path, R_OK) != 0) {
			fprintf(stderr, "vtrace: %s: %s\n", path, strerror(errno));
			return EXIT_BAD_DATA;
		}
	}
	return EXIT_DONE;
}

int symbols_given(struct symbol_set *set, const struct arguments *arguments, enum option_id id,
		  const struct summary *summary)
{
	int status = EXIT_DONE;

	for (uint32_t i = 0; i < arguments->options && status == EXIT_DONE; i++)
		if (arguments->given[i].id == id)
			status = read_one(set, arguments, summary, arguments->given[i].value);
	return status;
}
