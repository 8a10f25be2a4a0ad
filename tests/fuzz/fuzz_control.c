/*
 * What users write into "control", before a printer that only counts: either
 * every line was understood, or none was run.  The first byte of an input
 * chooses the traits, whether a file was uploaded before, and which of the
 * commands the printer refuses.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cache/content.h"
#include "cache/stage.h"
#include "client/base/name.h"
#include "client/listing.h"
#include "client/printer.h"
#include "client/traits.h"
#include "fs/core/kind.h"
#include "fs/core/mounted.h"
#include "fs/core/place.h"
#include "fs/storage/print.h"
#include "fs/tree/node.h"
#include "tests/fuzz/fuzz.h"

#define REFUSAL (-ENOSPC) /* no other part of a command says this */

struct fake {
	struct printer printer;
	int commands;
	int refused; /* counted from 1; 0: none */
};

/* Two folders deep, one folder in each, and what can be printed or not. */
static int
fake_list(struct printer *printer, const struct wait *wait, const char *folder,
    struct listing **out)
{
	static const char *const names[][2] = { { "Cube.gcode", "CUBE~1.GCO" },
		{ "parts", "PARTS" }, { "readme.txt", "README.TXT" } };
	struct listing *listing;
	size_t i;

	(void)wait;
	HOLDS(folder[0] != '/' && strstr(folder, "..") == NULL);
	if (strcmp(name_of(folder), "CUBE~1.GCO") == 0 ||
	    strlen(folder) > strlen("sdcard/PARTS/PARTS"))
		return -ENOENT;
	HOLDS(listing_new(&listing) == 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct entry entry = { .folder = i == 1, .size = -1 };

		entry.name = strdup(names[i][0]);
		entry.short_name = strdup(names[i][1]);
		HOLDS(entry.name != NULL && entry.short_name != NULL);
		HOLDS(listing_add(listing, &entry) == 0);
	}
	HOLDS(listing_finish(listing, printer->traits->folds) == 0);
	*out = listing;
	return 0;
}

static int
fake_command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	struct fake *fake = (struct fake *)printer;

	(void)wait;
	HOLDS((path != NULL) == (verb == VERB_PRINT));
	if (path != NULL) {
		char *storage = strndup(path, strcspn(path, "/"));

		HOLDS(storage != NULL);
		HOLDS(traits_storage(printer->traits, storage) != NULL);
		HOLDS(strcmp(name_of(path), "CUBE~1.GCO") == 0);
		free(storage);
	}
	return ++fake->commands == fake->refused ? REFUSAL : 0;
}

/* How many orders are in the text; -1: a line begins with no known word. */
static int
count_orders(const struct traits *traits, const char *text)
{
	static const char *const words[] = { "print", "pause", "resume", "stop",
		"cancel", "reboot", "restart", "refresh", "stop-transfer",
		"ready", "unready" };
	size_t known = traits == &traits_pi ? 11 : 9;
	int orders = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n"), word, i;
		const char *line = text;

		text += len + (text[len] == '\n');
		while (len > 0 && (*line == ' ' || *line == '\t')) {
			line++;
			len--;
		}
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if (len == 0 || *line == '#')
			continue;
		word = strcspn(line, " \t");
		word = word < len ? word : len;
		for (i = 0; i < known; i++) {
			if (strlen(words[i]) == word &&
			    strncmp(words[i], line, word) == 0)
				break;
		}
		if (i == known)
			return -1;
		orders++;
	}
	return orders;
}

static void
check_outcome(const struct fake *fake, const char *text, size_t len,
    ssize_t result)
{
	int orders = count_orders(fake->printer.traits, text);

	HOLDS(result == (ssize_t)len || (result < 0 && result > -4096));
	if (strlen(text) < len || len > 4096 || orders < 0) {
		HOLDS(result < 0 && fake->commands == 0);
		return;
	}
	HOLDS(fake->commands <= orders);
	if (result >= 0)
		HOLDS(fake->commands == orders);
	HOLDS((result == REFUSAL) ==
	    (fake->refused > 0 && fake->commands == fake->refused));
}

static void
write_and_read(struct mounted *mounted, const uint8_t *data, size_t len)
{
	static const struct caller caller = { 0 };
	const struct node *node = node_child(mounted, node_root(), "control");
	char *text = fuzz_text(data, len), help[600];
	struct place *place;
	struct file *file;
	ssize_t got;

	HOLDS(node != NULL && node->kind == &kind_control);
	HOLDS(place_new(mounted, node, "control", "control", NULL, &place) ==
	    0);
	HOLDS(kind_control.open(&caller, place, 0, &file) == 0);
	check_outcome((const struct fake *)mounted->printer, text, len,
	    file->ops->write(file, &caller, data, len, 0));
	got = file->ops->read(file, &caller, help, sizeof(help), (off_t)len);
	HOLDS(got >= 0 && got <= (ssize_t)sizeof(help));
	file->ops->close(file, &caller);
	place_release(place);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct printer_ops ops = { .list = fake_list,
		.command = fake_command };
	static const struct settings settings = { .mountpoint = "/mnt/prusa" };
	uint8_t choice = fuzz_byte(&data, &len);
	struct fake fake = { .refused = choice >> 2 & 7 };
	struct mounted mounted = { .settings = &settings,
		.printer = &fake.printer,
		.commands = &storage_commands };

	fake.printer.ops = &ops;
	fake.printer.traits = choice & 1 ? &traits_pi : &traits_buddy;
	pthread_mutex_init(&mounted.lock, NULL);
	HOLDS(stage_new(&mounted.stage) == 0);
	HOLDS(content_new("/", 0, mounted.printer, NULL, NULL,
		  &mounted.content) == 0);
	if (choice & 2)
		mounted_note_upload(&mounted,
		    choice & 1 ? "local/parts/Cube.gcode" : "usb/cube.GCODE");
	write_and_read(&mounted, data, len);
	content_free(mounted.content);
	stage_free(mounted.stage);
	pthread_mutex_destroy(&mounted.lock);
	free(mounted.last.key);
	return 0;
}
