#ifndef TESTS_SIM_OBICO_ROWS_H
#define TESTS_SIM_OBICO_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "tests/sim/obico_column.h"

/* The printers that are there from the start. */
enum {
	OBICO_PRINTING = 1,
	OBICO_IDLE = 2,
	OBICO_OFFLINE = 3,
	OBICO_ARCHIVED = 5,
	OBICO_FOREIGN = 7
};

enum {
	OBICO_ACCOUNTS = 2,
	OBICO_PENDING = 16,
	OBICO_EVENTS = 1000, /* more are forgotten, the oldest first */
	OBICO_ROWS = 100000  /* of a kind */
};

struct obico_account {
	long id;
	char *email, *username, *first_name, *last_name;
	char token[256]; /* OAuth */
	char unsub_token[33];
	bool is_pro, notification_enabled;
	long unseen_printer_events;
	date joined_at, active_at;
};

enum command {
	COMMAND_PAUSE,
	COMMAND_RESUME,
	COMMAND_CANCEL
};

enum agent_state {
	AGENT_OPERATIONAL,
	AGENT_PRINTING,
	AGENT_PAUSED
};

/* The parts of an agent's last message that the server keeps. */
struct report {
	bool there;
	double at; /* simulated */
	date when;
	enum agent_state state;
	char text[64]; /* of the state; empty: the usual one */
	bool error;
	bool closed; /* the agent has lost its machine */
	char file[256];
	double done, duration; /* seconds of the print */
};

/* The program beside a printer, and the printer itself. */
struct agent {
	bool exists; /* has been there once */
	bool connected;
	bool silent; /* sends nothing any more */
	bool frozen; /* and does nothing, not even answer pings */
	bool ignores;
	enum agent_state state;
	char text[64];
	bool error;
	bool closed;		   /* the agent has lost its machine */
	struct obico_print *print; /* its job as the server knows it */
	char file[256];
	double duration;      /* of the job */
	double done;	      /* of that, when the state began */
	double since;	      /* simulated */
	double frozen_at;     /* simulated */
	double gone_at;	      /* simulated */
	size_t pending_count; /* commands on their way */
	struct {
		enum command command;
		double due;
	} pending[OBICO_PENDING];
	struct report report;
};

struct obico_printer_row {
	long id, user_id;
	char *name, *action_on_failure, *auth_token;
	char *agent_name, *agent_version;
	date created_at, updated_at, archived_at, deleted;
	bool watching_enabled, tools_off_on_pause, bed_off_on_pause;
	bool deleted_by_cascade;
	double retract_on_pause, lift_z_on_pause, detective_sensitivity;
	double detection_bending_factor;
	long min_timelapse_secs_on_finish, min_timelapse_secs_on_cancel;
	double normalized_p;
	char share_token[37]; /* empty: it is not shared */
	struct obico_print *current;
	struct agent agent;
	TAILQ_ENTRY(obico_printer_row) entry;
};

struct obico_print {
	long id, user_id;
	struct obico_printer_row *printer;
	struct obico_file *file;
	char *filename, *alert_overwrite;
	date started_at, finished_at, cancelled_at, uploaded_at, alerted_at;
	date alert_acknowledged_at, alert_muted_at, paused_at;
	date access_consented_at, video_archived_at, deleted;
	double filament_used, print_time;
	TAILQ_ENTRY(obico_print) entry;
};

struct obico_folder {
	long id, user_id;
	struct obico_folder *parent;
	char *name, *safe_name;
	date created_at, updated_at;
	bool doomed;
	TAILQ_ENTRY(obico_folder) entry;
};

struct obico_file {
	long id, user_id;
	struct obico_folder *parent;
	char *filename, *safe_filename, *url, *agent_signature;
	char *metadata_json, *thumbnail[3];
	long num_bytes;
	double filament_total, estimated_time;
	date created_at, updated_at, deleted;
	bool deleted_by_cascade;
	TAILQ_ENTRY(obico_file) entry;
};

struct obico_event {
	long id;
	struct obico_printer_row *printer;
	struct obico_print *print;
	char *type, *class, *title, *text, *image_url, *info_url;
	date created_at;
	TAILQ_ENTRY(obico_event) entry;
};

/* The server, beyond what any printer has.  Under sim.lock. */
struct obico_server {
	struct obico_account accounts[OBICO_ACCOUNTS];
	TAILQ_HEAD(, obico_printer_row)
	printers;	    /* in the order of their ids */
	long former_prints; /* that each file's print_set has besides */
	TAILQ_HEAD(obico_prints, obico_print) prints;
	TAILQ_HEAD(, obico_folder) folders;
	TAILQ_HEAD(, obico_file) files;
	TAILQ_HEAD(obico_events, obico_event) events;
	long last_printer, last_print, last_folder, last_file, last_event;
	long last_code;
	size_t event_count;
	char site[256];	       /* the host in URLs of media */
	unsigned char key[64]; /* that signs them */
};

#endif
