/*
 * The rows: made, found, freed.  What is there from the start.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/sim/obico.h"

#define LONG_PRINT	14830.0
#define ALREADY_PRINTED 1854.0
#define DAY		(86400LL * 1000000)

enum {
	FIRST_ACCOUNT = 2, /* 1 is the administrator */
	LAST_FIXED = 7
};

struct obico_printer_row *
obico_find_printer(struct obico_server *obico, long id)
{
	struct obico_printer_row *printer;

	TAILQ_FOREACH (printer, &obico->printers, entry) {
		if (printer->id == id)
			return printer;
	}
	return NULL;
}

struct obico_folder *
obico_find_folder(struct obico_server *obico, long id)
{
	struct obico_folder *folder;

	TAILQ_FOREACH (folder, &obico->folders, entry) {
		if (folder->id == id)
			return folder;
	}
	return NULL;
}

struct obico_file *
obico_find_file(struct obico_server *obico, long id)
{
	struct obico_file *file;

	TAILQ_FOREACH (file, &obico->files, entry) {
		if (file->id == id)
			return file;
	}
	return NULL;
}

struct obico_account *
obico_find_account(struct obico_server *obico, long id)
{
	for (size_t i = 0; i < OBICO_ACCOUNTS; i++) {
		if (obico->accounts[i].id == id)
			return &obico->accounts[i];
	}
	return NULL;
}

struct obico_printer_row *
obico_new_printer(struct obico_server *obico, long id, long user_id,
    const char *name)
{
	struct obico_printer_row *printer;
	char token[21];

	if (obico->last_printer >= OBICO_ROWS)
		return NULL;
	printer = calloc(1, sizeof(*printer));
	if (printer == NULL)
		return NULL;
	obico_random(token, 20);
	printer->id = id > 0 ? id : obico->last_printer + 1;
	printer->user_id = user_id;
	printer->name = strdup(name);
	printer->action_on_failure = strdup("PAUSE");
	printer->auth_token = strdup(token);
	printer->created_at = printer->updated_at = obico_now();
	printer->watching_enabled = printer->tools_off_on_pause = true;
	printer->retract_on_pause = 6.5;
	printer->lift_z_on_pause = 2.5;
	printer->detective_sensitivity = 1;
	printer->detection_bending_factor = NAN;
	printer->min_timelapse_secs_on_finish = 600;
	printer->min_timelapse_secs_on_cancel = 300;
	obico->last_printer = printer->id;
	TAILQ_INSERT_TAIL(&obico->printers, printer, entry);
	return printer;
}

struct obico_print *
obico_new_print(struct obico_server *obico, struct obico_printer_row *printer,
    const char *filename)
{
	struct obico_print *print;

	if (obico->last_print >= OBICO_ROWS)
		return NULL;
	print = calloc(1, sizeof(*print));
	if (print == NULL)
		return NULL;
	print->id = ++obico->last_print;
	print->user_id = printer->user_id;
	print->printer = printer;
	print->filename = strdup(filename);
	print->started_at = obico_now();
	print->filament_used = print->print_time = NAN;
	TAILQ_INSERT_HEAD(&obico->prints, print, entry);
	return print;
}

void
obico_free_file(struct obico_server *obico, struct obico_file *file)
{
	struct obico_print *print;

	TAILQ_FOREACH (print, &obico->prints, entry) {
		if (print->file == file)
			print->file = NULL;
	}
	TAILQ_REMOVE(&obico->files, file, entry);
	table_clear(&obico_file_table, file);
	free(file);
}

void
obico_free_folder(struct obico_server *obico, struct obico_folder *folder)
{
	TAILQ_REMOVE(&obico->folders, folder, entry);
	table_clear(&obico_folder_table, folder);
	free(folder);
}

/* A print of days ago. */
static void
add_history(struct obico_server *obico, struct obico_printer_row *printer,
    const char *name, int days, bool cancelled)
{
	struct obico_print *print = obico_new_print(obico, printer, name);
	date took = 3725LL * 1000000;

	if (print == NULL)
		return;
	print->started_at -= days * DAY;
	print->print_time = 3725;
	print->filament_used = 4321.5;
	if (cancelled)
		print->cancelled_at = print->started_at + took;
	else
		print->finished_at = print->started_at + took;
}

static void
add_account(struct obico_server *obico, size_t index, const char *name,
    const char *token, const char *suffix)
{
	struct obico_account *account = &obico->accounts[index];
	struct text email = { 0 };

	text_printf(&email, "%s@example.com", name);
	account->id = FIRST_ACCOUNT + (long)index;
	account->email = email.data;
	obico_set(&account->first_name, "");
	obico_set(&account->last_name, "");
	snprintf(account->token, sizeof(account->token), "%s%s", token, suffix);
	obico_random(account->unsub_token, 32);
	account->is_pro = account->notification_enabled = true;
	account->joined_at = account->active_at = obico_now();
}

static void
fill_printers(struct sim *sim)
{
	struct obico_server *obico = sim->own;
	long mine = obico->accounts[0].id;
	struct obico_printer_row *busy, *idle, *old;

	busy = obico_new_printer(obico, OBICO_PRINTING, mine, "MK3S Workshop");
	idle = obico_new_printer(obico, OBICO_IDLE, mine, "Prusa MINI");
	obico_new_printer(obico, OBICO_OFFLINE, mine,
	    "Never/connected: \xc5\xbdlu\xc5\xa5ou\xc4\x8dk\xc3\xbd \xe2\x98"
	    "\x95");
	old = obico_new_printer(obico, OBICO_ARCHIVED, mine, "Old i3");
	obico_new_printer(obico, OBICO_FOREIGN, obico->accounts[1].id,
	    "Somebody's printer");
	if (busy == NULL || idle == NULL || old == NULL)
		return;
	old->archived_at = obico_now();
	add_history(obico, busy, "cube.gcode", 3, false);
	add_history(obico, idle, "benchy.gcode", 2, false);
	add_history(obico, busy, "cube.gcode", 1, true);
	obico_agent_connect(sim, idle, true);
	obico_agent_connect(sim, busy, true);
	obico_agent_print(sim, busy, "temp-tower_petg_mk3s_4h_34m.gcode",
	    LONG_PRINT);
	busy->agent.done = ALREADY_PRINTED;
	obico_agent_report(sim, busy);
}

int
obico_fill(struct sim *sim)
{
	struct obico_server *obico = sim->own;
	const char *token = sim->options.token;

	TAILQ_INIT(&obico->printers);
	TAILQ_INIT(&obico->prints);
	TAILQ_INIT(&obico->folders);
	TAILQ_INIT(&obico->files);
	TAILQ_INIT(&obico->events);
	strlcpy(obico->site, "localhost:3334", sizeof(obico->site));
	arc4random_buf(obico->key, sizeof(obico->key));
	add_account(obico, 0, "maker", token, "");
	add_account(obico, 1, "other", token, "-other");
	fill_printers(sim);
	for (long i = 0; i < sim->options.printers; i++) {
		struct obico_printer_row *printer;
		char name[40];

		snprintf(name, sizeof(name), "Printer %ld", LAST_FIXED + 1 + i);
		printer = obico_new_printer(obico, 0, obico->accounts[0].id,
		    name);
		if (printer == NULL)
			return -ENOMEM;
		obico_agent_connect(sim, printer, true);
	}
	return 0;
}

void
obico_empty(struct sim *sim)
{
	struct obico_server *obico = sim->own;
	struct obico_printer_row *printer;
	struct obico_print *print;

	while (!TAILQ_EMPTY(&obico->files))
		obico_free_file(obico, TAILQ_FIRST(&obico->files));
	while (!TAILQ_EMPTY(&obico->folders))
		obico_free_folder(obico, TAILQ_FIRST(&obico->folders));
	obico_forget_events(obico);
	while ((print = TAILQ_FIRST(&obico->prints)) != NULL) {
		TAILQ_REMOVE(&obico->prints, print, entry);
		table_clear(&obico_print_table, print);
		free(print);
	}
	while ((printer = TAILQ_FIRST(&obico->printers)) != NULL) {
		TAILQ_REMOVE(&obico->printers, printer, entry);
		table_clear(&obico_printer_table, printer);
		free(printer);
	}
	for (size_t i = 0; i < OBICO_ACCOUNTS; i++)
		table_clear(&obico_account_table, &obico->accounts[i]);
}
