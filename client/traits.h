#ifndef CLIENT_TRAITS_H
#define CLIENT_TRAITS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A storage that a printer of this kind can have. */
struct traits_storage {
	const char *name;
	bool removable;
	bool read_only;
};

/*
 * What a printer may have or not: files of the mount and commands that need it
 * ask printer_has.
 */
enum {
	HAS_STATUS = 1 << 0,	/* it tells how it is */
	HAS_JOBS = 1 << 1,	/* what it prints, to be paused and stopped */
	HAS_PRINT = 1 << 2,	/* it starts its files: printable */
	HAS_UPLOADS = 1 << 3,	/* it takes files: upload_storage */
	HAS_TRANSFERS = 1 << 4, /* it tells of what it is receiving */
	HAS_SPEED = 1 << 5,	/* it tells its speed and flow */
	HAS_FANS = 1 << 6,	/* and how fast they turn */
	HAS_LEGACY = 1 << 7,	/* the OctoPrint-compatible API */
	HAS_READY = 1 << 8,	/* it can be declared ready for a print */
	HAS_REBOOT = 1 << 9,	/* its server may be able to restart */
	HAS_PICTURES = 1 << 10, /* of this one: printer.has_pictures */
	HAS_SNAP = 1 << 11,	/* its server takes a picture when told to */
	HAS_WATCHER = 1 << 12,	/* of this one: printer.is_watched */
	HAS_RECORD = 1 << 13,	/* all that its server knows of it */
	HAS_HISTORY = 1 << 14,	/* the prints of the past */
	HAS_ARCHIVE = 1 << 15,	/* it can be put away */
	HAS_RETURN = 1 << 16	/* and taken out again */
};

/*
 * What differs between the servers that speak PrusaLink.  Numbers are from
 * their sources; prusafs.8 names those that users meet.
 */
struct traits {
	const char *title;
	const char *realm;		       /* of the login challenge */
	const struct traits_storage *storages; /* ends with a NULL name */
	const char *upload_storage;	       /* NULL: it takes no files */
	unsigned has;	      /* HAS_…, but for what other members tell */
	bool folds;	      /* names differ without regard to case (FAT) */
	bool shows_all;	      /* lists and takes any file, not just models */
	bool tells_space;     /* knows the free space */
	bool shows_late;      /* a new file is visible a moment after the 201 */
	bool closes_late;     /* a file that was read is open for a moment */
	bool fails_when_busy; /* 500 while it has somebody else's transfer */
	bool keeps_parts;     /* what came of an upload that was broken off
				 stays, unseen */
	bool tells_stored;    /* the 201 describes the stored file */
	bool tells_fetching;  /* lists what it is still fetching, read-only */
	bool tells_fractions; /* a transfer's progress is from 0 to 1 */
	bool mixes_clocks;    /* a transfer's time_remaining says nothing */
	bool tells_whole_path; /* a job's has the storage's display name, and
				  the file's name */
	bool serves_paths;     /* the bytes of a file are at its path */
	bool halves;	       /* stamps count seconds at half speed */
	bool recovers;	       /* refuses to start until FINISHED has passed */
	bool holds_finished;   /* keeps a printed file open until its end is
				  no longer shown */
	bool previews;	       /* shows a file that was uploaded, and holds it
				  open meanwhile */
	bool stops_transfers;  /* DELETE /api/v1/transfer stops one */
	bool has_cameras;      /* may have cameras of its own */
	bool renames;	       /* gives files and folders other names */
	bool trims;	       /* cuts blanks off both ends of a name */
	bool is_cloud;	       /* an account stands for the printer */
	bool is_archived;      /* and has put it away */
	bool hides_models_in_folders;  /* hides folders named like a model */
	const char *const *uploadable; /* suffixes; NULL: any */
	const char *const *refused;    /* suffixes that it does not take, or
					  NULL */
	const char *const *printable;  /* suffixes of what can be printed */
	const char *const *forbidden;  /* characters, as UTF-8 */
	size_t path_max;   /* bytes of "/storage/path" on the wire; 0: none */
	size_t target_max; /* bytes of the request's percent-encoded target */
	size_t file_max;   /* bytes of a file's name */
	size_t folder_max; /* bytes of a folder's name */
	off_t size_max;	   /* bytes of a file; 0: none */
	off_t lossy_chunk; /* PUT loses a single byte behind a multiple */
	int64_t login_ms;  /* a nonce older than this is renewed first */
};

extern const struct traits traits_buddy;    /* Prusa-Firmware-Buddy */
extern const struct traits traits_pi;	    /* PrusaLink, Raspberry Pi */
extern const struct traits traits_obico;    /* an Obico server */
extern const struct traits traits_library;  /* its cloud folder */
extern const struct traits traits_archived; /* the same */

/* The storage that a path begins with, or NULL. */
const struct traits_storage *traits_storage(const struct traits *,
    const char *path);

/*
 * Would the printer take this name in this folder (as on the wire, beginning
 * with the storage)?  Returns 0, -EINVAL: character or ending, or a folder
 * named like a model, -ENAMETOOLONG, -EPERM: it begins with a dot and would not
 * be listed, or -ENOMEM.
 */
int traits_check_name(const struct traits *, const char *folder,
    const char *name, bool is_folder);

/* Can a file of that name be printed? */
bool traits_is_printable(const struct traits *, const char *name);

/*
 * Is this the name of a file that is not finished yet, or litter, and so stays
 * here (prusafs.8, "Temporary names")?
 */
bool traits_is_temporary(const struct traits *, const char *name);

#endif
