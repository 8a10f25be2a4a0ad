/*
 * PrusaLink's file tree: the local folder and the printer's SD card.  Names
 * are the real ones; dot files are not in it, and what has just been made
 * shows up a little later.  Under sim.lock.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "tests/sim/pi.h"
#include "tests/sim/stamp.h"

/* How long the watched tree takes to see a new path. */
#define APPEARS_S 0.15

void
pi_release(struct pi_place *place)
{
	free(place->real);
	place->real = NULL;
}

char *
pi_real(struct pi *pi, const char *path)
{
	char *real;
	long depth = 0;

	for (const char *at = path; *at != '\0';) {
		size_t len = strcspn(at, "/");

		if (len == 2 && strncmp(at, "..", 2) == 0)
			depth--;
		else if (len > 0 && !(len == 1 && *at == '.'))
			depth++;
		if (depth < 0)
			return NULL;
		at += len;
		at += *at == '/';
	}
	if (asprintf(&real, "%s/%s", pi->local, path) < 0)
		return NULL;
	while (real[0] != '\0' && real[strlen(real) - 1] == '/')
		real[strlen(real) - 1] = '\0';
	return real;
}

static void
forget(struct pi *pi, struct pending *pending)
{
	TAILQ_REMOVE(&pi->pending, pending, entry);
	free(pending->real);
	free(pending);
}

/* Is the path, or a folder above it, not in the tree yet? */
static bool
is_pending(struct sim *sim, const char *real)
{
	struct pi *pi = sim->own;
	struct pending *pending, *next;
	double now = sim_now(sim);
	bool found = false;

	TAILQ_FOREACH_SAFE(pending, &pi->pending, entry, next)
	{
		size_t len = strlen(pending->real);

		if (pending->until <= now)
			forget(pi, pending);
		else if (strncmp(real, pending->real, len) == 0 &&
		    (real[len] == '\0' || real[len] == '/'))
			found = true;
	}
	return found;
}

void
pi_changed(struct sim *sim, const char *appeared)
{
	struct pi *pi = sim->own;
	struct pending *pending;

	pi->changed = time(NULL);
	if (appeared == NULL)
		return;
	pending = calloc(1, sizeof(*pending));
	if (pending == NULL || (pending->real = strdup(appeared)) == NULL) {
		free(pending);
		return;
	}
	pending->until = sim_now(sim) + APPEARS_S;
	TAILQ_INSERT_TAIL(&pi->pending, pending, entry);
}

bool
pi_shows(struct sim *sim, const char *real, const char *name)
{
	return name[0] != '.' && text_is_utf8(name) && !is_pending(sim, real);
}

/* Are the parts of the path such as the tree may hold? */
static bool
is_shown_path(const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 0 || *path == '.')
			return false;
		path += len;
		path += *path == '/';
	}
	return true;
}

int
pi_find(struct pi_call *call, const char *storage, const char *path,
    struct pi_place *place)
{
	struct pi *pi = call->pi;
	size_t len = strlen(path);
	char clean[TARGET_SIZE];
	bool local = strcmp(storage, "local") == 0;

	memset(place, 0, sizeof(*place));
	if (!local && strcmp(storage, "sdcard") != 0)
		return -ENXIO;
	place->card = !local;
	place->slash = len > 0 && path[len - 1] == '/';
	strlcpy(clean, path, sizeof(clean));
	while (len > 0 && clean[len - 1] == '/')
		clean[--len] = '\0';
	place->is_root = len == 0;
	snprintf(place->path, sizeof(place->path), "/%s%s%.*s",
	    local ? PI_STORAGE : PI_CARD, len == 0 ? "" : "/",
	    (int)sizeof(place->path) - 32, clean);
	if (asprintf(&place->real, "%s%s%s", local ? pi->local : pi->card,
		len == 0 ? "" : "/", clean) < 0)
		place->real = NULL;
	place->exists = place->real != NULL && is_shown_path(clean) &&
	    (local || !pi->card_out) && stat(place->real, &place->st) == 0 &&
	    !is_pending(call->sim, place->real);
	return 0;
}

int
pi_find_display(struct pi_call *call, const char *path, struct pi_place *place)
{
	size_t len = strcspn(path, "/");
	const char *rest = path + len + (path[len] == '/');

	if (len == strlen(PI_STORAGE) && strncmp(path, PI_STORAGE, len) == 0)
		return pi_find(call, "local", rest, place);
	if (len == strlen(PI_CARD) && strncmp(path, PI_CARD, len) == 0)
		return pi_find(call, "sdcard", rest, place);
	memset(place, 0, sizeof(*place));
	return -ENXIO;
}

/* Folders still to be looked into. */
struct stack {
	char **paths;
	size_t count;
};

static void
push(struct stack *stack, char *path)
{
	char **grown = reallocarray(stack->paths, stack->count + 1,
	    sizeof(*stack->paths));

	if (grown == NULL) {
		free(path);
		return;
	}
	stack->paths = grown;
	stack->paths[stack->count++] = path;
}

/* Add up one folder; its folders go onto the stack. */
static long long
folder_size(struct stack *stack, const char *real)
{
	long long size = 0;
	struct dirent *item;
	DIR *dir = opendir(real);

	while (dir != NULL && (item = readdir(dir)) != NULL) {
		struct stat st;
		char *path;

		if (item->d_name[0] == '.' ||
		    asprintf(&path, "%s/%s", real, item->d_name) < 0)
			continue;
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			push(stack, path);
			continue;
		}
		if (lstat(path, &st) == 0)
			size += st.st_size;
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	return size;
}

long long
pi_tree_size(const char *real)
{
	struct stack stack = { 0 };
	long long size = folder_size(&stack, real);

	while (stack.count > 0) {
		char *path = stack.paths[--stack.count];

		size += folder_size(&stack, path);
		free(path);
	}
	free(stack.paths);
	return size;
}

const struct gcode *
pi_gcode(struct pi *pi, const char *real, const struct stat *st)
{
	struct pi_gcode *known = &pi->cache[st->st_ino % PI_CACHE];

	if (known->inode != st->st_ino || known->size != st->st_size ||
	    known->mtime.tv_sec != st->st_mtim.tv_sec ||
	    known->mtime.tv_nsec != st->st_mtim.tv_nsec) {
		known->inode = st->st_ino;
		known->size = st->st_size;
		known->mtime = st->st_mtim;
		gcode_read(real, &known->gcode);
	}
	return &known->gcode;
}

const char *
pi_type(const char *name)
{
	static const char *const tails[] = { ".gcode", ".gco", ".gc", ".g" };

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (text_ends_with(name, tails[i]))
			return "PRINT_FILE";
	}
	return text_ends_with(name, ".hex") ? "FIRMWARE" : "FILE";
}

bool
pi_prints(struct sim *sim, const char *real)
{
	return machine_prints(sim, real);
}

void
pi_space(struct sim *sim, long long *free_space, long long *total)
{
	struct statvfs vfs;

	*free_space = 0;
	*total = 31132934144LL;
	if (statvfs(sim->options.storage, &vfs) != 0)
		return;
	*total = (long long)vfs.f_blocks * (long long)vfs.f_frsize;
	if (!sim->full)
		*free_space = (long long)vfs.f_bavail * (long long)vfs.f_frsize;
}

int
pi_parse_date(const char *text, time_t *when)
{
	char again[32];
	struct tm tm;
	const char *end;

	memset(&tm, 0, sizeof(tm));
	end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (end == NULL || *end != '\0')
		return -EINVAL;
	*when = timegm(&tm);
	text_date(again, *when);
	return strcmp(again, text) == 0 ? 0 : -EINVAL;
}

void
pi_render_refs(struct pi *pi, struct text *out, const struct pi_place *place,
    bool printable)
{
	struct text ref = { 0 };

	text_puts(out, "\"refs\": {\"download\": ");
	text_printf(&ref, "/api/files/local%s/raw", place->path);
	text_json(out, place->card ? NULL : text_string(&ref));
	text_free(&ref);
	if (printable) {
		text_puts(out, ", \"icon\": null, \"thumbnail\": ");
		text_printf(&ref, "/api/thumbnails%s.orig.png", place->path);
		text_json(out,
		    !place->card &&
			    pi_gcode(pi, place->real, &place->st)->has_png ?
			text_string(&ref) :
			NULL);
		text_free(&ref);
	}
	text_puts(out, "}");
}

void
pi_render_meta(struct pi *pi, struct text *out, const struct pi_place *place)
{
	const struct gcode *gcode = pi_gcode(pi, place->real, &place->st);

	text_puts(out, "\"meta\": {");
	if (gcode->filament[0] != '\0') {
		text_puts(out, "\"filament_type\": ");
		text_json(out,
		    text_is_utf8(gcode->filament) ? gcode->filament : "");
		text_puts(out, ", ");
	}
	if (gcode->nozzle > 0)
		text_printf(out, "\"nozzle_diameter\": %.2g, ", gcode->nozzle);
	if (gcode->layer_height > 0)
		text_printf(out, "\"layer_height\": %.3g, ",
		    gcode->layer_height);
	text_puts(out, "\"estimated_print_time\": ");
	if (gcode->estimate_s > 0)
		text_printf(out, "%ld}", (long)gcode->estimate_s);
	else
		text_puts(out, "null}");
}

/* The members that files and folders share, up to the size. */
static void
render_begin(const struct sim *sim, struct text *out,
    const struct pi_place *place, const char *name)
{
	bool folder = S_ISDIR(place->st.st_mode);

	text_printf(out,
	    "{\"type\": \"%s\", \"name\": ", folder ? "FOLDER" : pi_type(name));
	text_json(out, name);
	text_printf(out, ", \"read_only\": %s", place->card ? "true" : "false");
	if (!folder || !place->card)
		stamp_put(sim, out,
		    ", \"m_timestamp\": ", (long long)place->st.st_mtim.tv_sec,
		    "");
	text_printf(out, ", \"size\": %lld",
	    folder ? pi_tree_size(place->real) : (long long)place->st.st_size);
}

static void
render_file_end(struct pi *pi, struct text *out, const struct pi_place *place,
    const char *name, const char *display)
{
	text_puts(out, ", \"display_name\": ");
	text_json(out, display);
	if (S_ISREG(place->st.st_mode)) {
		text_puts(out, ", ");
		pi_render_refs(pi, out, place,
		    strcmp(pi_type(name), "PRINT_FILE") == 0);
	}
}

static void
render_child(struct pi_call *call, struct text *out,
    const struct pi_place *folder, const char *name, bool *first)
{
	struct pi_place child = { .card = folder->card };

	if (asprintf(&child.real, "%s/%s", folder->real, name) < 0)
		return;
	snprintf(child.path, sizeof(child.path), "%.*s/%s",
	    (int)sizeof(child.path) - 300, folder->path, name);
	if (pi_shows(call->sim, child.real, name) &&
	    stat(child.real, &child.st) == 0) {
		if (!*first)
			text_puts(out, ", ");
		*first = false;
		render_begin(call->sim, out, &child, name);
		render_file_end(call->pi, out, &child, name, name);
		text_puts(out, "}");
	}
	free(child.real);
}

static int
folders_first(const struct dirent **a, const struct dirent **b)
{
	bool one = (*a)->d_type == DT_DIR, two = (*b)->d_type == DT_DIR;

	if (one != two)
		return one ? -1 : 1;
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
render_children(struct pi_call *call, struct text *out,
    const struct pi_place *place)
{
	struct dirent **names;
	bool first = true;
	int count = scandir(place->real, &names, NULL, folders_first);

	text_puts(out, ", \"children\": [");
	for (int i = 0; i < count; i++) {
		render_child(call, out, place, names[i]->d_name, &first);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	text_puts(out, "]");
}

void
pi_render(struct pi_call *call, struct text *out, const struct pi_place *place)
{
	const char *name = strrchr(place->path, '/') + 1;
	const char *display = place->slash ? "" : name;

	render_begin(call->sim, out, place, name);
	if (S_ISDIR(place->st.st_mode))
		render_children(call, out, place);
	render_file_end(call->pi, out, place, name, display);
	if (S_ISREG(place->st.st_mode)) {
		text_puts(out, ", ");
		pi_render_meta(call->pi, out, place);
	}
	text_puts(out, "}");
}
