/*
 * The G-code library as tests look at it, past the API: what is in it is told
 * without a request that would be counted.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/obico.h"

static void
tell_place(struct text *out, long id, const struct obico_folder *parent,
    const char *name, date updated_at)
{
	text_printf(out, "{\"id\":%ld,\"parent\":%ld,\"updated_at\":%lld,", id,
	    parent == NULL ? 0 : parent->id, (long long)updated_at);
	obico_key(out, "name");
	text_json(out, name);
}

static void
tell_file(struct sim *sim, struct text *out, const struct obico_file *file)
{
	char *path = obico_stored(sim, file, 0);

	tell_place(out, file->id, file->parent, file->filename,
	    file->updated_at);
	if (file->url != NULL && path != NULL) {
		text_printf(out, ",\"size\":%ld,", file->num_bytes);
		obico_key(out, "path");
		text_json(out, path);
	}
	text_puts(out, "}");
	free(path);
}

void
obico_tell_library(struct sim *sim, struct text *out)
{
	struct obico *obico = sim->own;
	const struct obico_folder *folder;
	const struct obico_file *file;
	const char *comma = "";

	text_puts(out, "{\"folders\":[");
	TAILQ_FOREACH (folder, &obico->folders, entry) {
		text_puts(out, comma);
		comma = ",";
		tell_place(out, folder->id, folder->parent, folder->name,
		    folder->updated_at);
		text_puts(out, "}");
	}
	text_puts(out, "],\"files\":[");
	comma = "";
	TAILQ_FOREACH (file, &obico->files, entry) {
		if (file->deleted != 0)
			continue;
		text_puts(out, comma);
		comma = ",";
		tell_file(sim, out, file);
	}
	text_puts(out, "]}");
}

void
obico_clear_library(struct sim *sim)
{
	struct obico *obico = sim->own;
	struct obico_folder *folder;
	struct obico_file *file;

	while ((file = TAILQ_FIRST(&obico->files)) != NULL) {
		char *path = obico_stored(sim, file, 0);

		if (path != NULL)
			(void)unlink(path);
		free(path);
		obico_free_file(obico, file);
	}
	while ((folder = TAILQ_FIRST(&obico->folders)) != NULL)
		obico_free_folder(obico, folder);
	obico->last_file = obico->last_folder = 0;
}
