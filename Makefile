# prusafs: build, test, install.
#
# CC, PKG_CONFIG, CFLAGS, LDFLAGS, PREFIX and DESTDIR are yours to set; what
# the project needs is added beside them.  SANITIZE=address,undefined (or
# thread) with a BUILD directory of its own makes an instrumented build:
#
#	make BUILD=build/asan SANITIZE=address,undefined

CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
LDFLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
SANITIZE ?=

VERSION = 0.1.0

PACKAGES = fuse3 libcurl libcjson libbsd-overlay libjpeg libpng

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla

# A packager's own level stays; some compilers have one built in.
ifeq ($(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),)
FORTIFY = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

ifeq ($(SANITIZE),)
HARDENING = $(FORTIFY) -fstack-protector-strong -fPIE
else
HARDENING = -fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
LDSANITIZE = -fsanitize=$(SANITIZE)
endif

# The headers of libfuse are not ours to warn about.
OUR_CPPFLAGS = -I. -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	$(patsubst -I%/fuse3,-isystem %/fuse3, \
	    $(shell $(PKG_CONFIG) --cflags $(PACKAGES)))
OUR_CFLAGS = -std=c11 -pthread $(WARNINGS) $(HARDENING)
OUR_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now $(LDSANITIZE)
LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm

COMPILE = $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS)
LINK = $(CC) $(OUR_LDFLAGS) $(LDFLAGS)

# The file system.  Everything but main.c, which the unit tests replace.
SRCS = \
	cache/cache.c \
	cache/cache_file.c \
	cache/content.c \
	cache/deferred.c \
	cache/file_facts.c \
	cache/memo.c \
	cache/spool.c \
	cache/stage.c \
	cache/stage_folders.c \
	cache/staged_file.c \
	cache/stamp.c \
	cache/transfer_rate.c \
	cache/unsent.c \
	cache/unsent_disk.c \
	cache/whole_file.c \
	client/account_server.c \
	client/backends.c \
	client/base/buf.c \
	client/base/json.c \
	client/base/litter.c \
	client/base/log.c \
	client/base/name.c \
	client/base/safe_name.c \
	client/base/time.c \
	client/base/turn.c \
	client/base/utf8.c \
	client/base/workers.c \
	client/camera/camera.c \
	client/camera/mjpeg.c \
	client/camera/picture.c \
	client/http/away.c \
	client/http/connection.c \
	client/http/counts.c \
	client/http/exchange.c \
	client/http/form.c \
	client/http/http.c \
	client/listing.c \
	client/obico/camera.c \
	client/obico/command.c \
	client/obico/files.c \
	client/obico/library.c \
	client/obico/mkdir_unlink.c \
	client/obico/normalise.c \
	client/obico/obico.c \
	client/obico/printer.c \
	client/obico/rules.c \
	client/obico/settings.c \
	client/obico/store.c \
	client/obico/trim.c \
	client/printer.c \
	client/prusalink/command.c \
	client/prusalink/foreign_transfer.c \
	client/prusalink/mkdir_unlink.c \
	client/prusalink/normalise.c \
	client/prusalink/part_cleanup.c \
	client/prusalink/probe.c \
	client/prusalink/prusalink.c \
	client/prusalink/replace_held.c \
	client/prusalink/snapshot.c \
	client/prusalink/store.c \
	client/shape.c \
	client/traits.c \
	client/watched.c \
	fs/core/caller.c \
	fs/core/kind.c \
	fs/core/mounted.c \
	fs/core/place.c \
	fs/core/printer_group.c \
	fs/core/rendering.c \
	fs/core/space.c \
	fs/core/upload_list.c \
	fs/farm/account.c \
	fs/farm/cloud_folder.c \
	fs/farm/control.c \
	fs/farm/directory.c \
	fs/farm/documents.c \
	fs/farm/farm.c \
	fs/farm/first_contact.c \
	fs/farm/mounted_new.c \
	fs/farm/refresh.c \
	fs/farm/run_parallel.c \
	fs/farm/statuses.c \
	fs/kernel/call.c \
	fs/kernel/inode.c \
	fs/kernel/ops.c \
	fs/kernel/ops_file.c \
	fs/kernel/parallel_dirops.c \
	fs/setup/conf.c \
	fs/setup/login.c \
	fs/setup/mount_paths.c \
	fs/setup/option_read.c \
	fs/setup/options.c \
	fs/setup/printer_config.c \
	fs/setup/printers_file.c \
	fs/setup/signals.c \
	fs/setup/stderr_capture.c \
	fs/storage/backup.c \
	fs/storage/copy_source.c \
	fs/storage/dot_directory.c \
	fs/storage/exdev_copy.c \
	fs/storage/handle.c \
	fs/storage/handle_open.c \
	fs/storage/mkdir_unlink.c \
	fs/storage/print.c \
	fs/storage/print_directory.c \
	fs/storage/rename.c \
	fs/storage/rename_anew.c \
	fs/storage/storage.c \
	fs/storage/storage_directory.c \
	fs/storage/unsent_directory.c \
	fs/storage/upload.c \
	fs/tree/broadcast.c \
	fs/tree/control.c \
	fs/tree/directory.c \
	fs/tree/document.c \
	fs/tree/events.c \
	fs/tree/id_directory.c \
	fs/tree/job_path.c \
	fs/tree/metrics.c \
	fs/tree/node.c \
	fs/tree/observation.c \
	fs/tree/settings_file.c

# The simulated printer.
SIM_SRCS = \
	tests/sim/buddy.c \
	tests/sim/buddy_auth.c \
	tests/sim/buddy_files.c \
	tests/sim/buddy_job.c \
	tests/sim/buddy_render.c \
	tests/sim/buddy_reply.c \
	tests/sim/buddy_status.c \
	tests/sim/buddy_upload.c \
	tests/sim/conn.c \
	tests/sim/control.c \
	tests/sim/exchange.c \
	tests/sim/fat.c \
	tests/sim/fat_name.c \
	tests/sim/faults.c \
	tests/sim/gcode.c \
	tests/sim/machine.c \
	tests/sim/nth.c \
	tests/sim/obico.c \
	tests/sim/obico_account.c \
	tests/sim/obico_agent.c \
	tests/sim/obico_body.c \
	tests/sim/obico_bulk.c \
	tests/sim/obico_column.c \
	tests/sim/obico_commands.c \
	tests/sim/obico_control.c \
	tests/sim/obico_data.c \
	tests/sim/obico_events.c \
	tests/sim/obico_files.c \
	tests/sim/obico_folders.c \
	tests/sim/obico_form.c \
	tests/sim/obico_gzip.c \
	tests/sim/obico_media.c \
	tests/sim/obico_meta.c \
	tests/sim/obico_misc.c \
	tests/sim/obico_printers.c \
	tests/sim/obico_prints.c \
	tests/sim/obico_query.c \
	tests/sim/obico_reply.c \
	tests/sim/obico_route.c \
	tests/sim/obico_shelf.c \
	tests/sim/obico_status.c \
	tests/sim/obico_tables.c \
	tests/sim/obico_upload.c \
	tests/sim/obico_value.c \
	tests/sim/pi.c \
	tests/sim/pi_auth.c \
	tests/sim/pi_camera.c \
	tests/sim/pi_files.c \
	tests/sim/pi_form.c \
	tests/sim/pi_legacy.c \
	tests/sim/pi_misc.c \
	tests/sim/pi_move.c \
	tests/sim/pi_reply.c \
	tests/sim/pi_status.c \
	tests/sim/pi_tree.c \
	tests/sim/pi_upload.c \
	tests/sim/picture.c \
	tests/sim/reply.c \
	tests/sim/server.c \
	tests/sim/sim.c \
	tests/sim/simprinter.c \
	tests/sim/stamp.c \
	tests/sim/text.c \
	tests/sim/transfer.c

SIM_LIBS = -lmd $(shell $(PKG_CONFIG) --libs libcjson libbsd-overlay libjpeg zlib) -lm

# The random test.
MODEL_SRCS = \
	tests/model/client.c \
	tests/model/compare.c \
	tests/model/effects.c \
	tests/model/files.c \
	tests/model/folders.c \
	tests/model/handles.c \
	tests/model/main.c \
	tests/model/mount.c \
	tests/model/names.c \
	tests/model/second.c \
	tests/model/second_steps.c \
	tests/model/world.c

OBJS = $(SRCS:%.c=$(BUILD)/%.o)
MODEL_OBJS = $(MODEL_SRCS:%.c=$(BUILD)/%.o)
SIM_OBJS = $(SIM_SRCS:%.c=$(BUILD)/%.o)

all: $(BUILD)/prusafs $(BUILD)/simprinter $(BUILD)/simctl $(BUILD)/random \
    $(BUILD)/tables

$(BUILD)/prusafs: $(BUILD)/fs/main.o $(OBJS)
	$(LINK) -o $@ $(BUILD)/fs/main.o $(OBJS) $(LIBS)

$(BUILD)/simprinter: $(SIM_OBJS)
	$(LINK) -o $@ $(SIM_OBJS) $(SIM_LIBS)

$(BUILD)/simctl: $(BUILD)/tests/sim/simctl.o
	$(LINK) -o $@ $(BUILD)/tests/sim/simctl.o $(SIM_LIBS)

$(BUILD)/random: $(MODEL_OBJS)
	$(LINK) -o $@ $(MODEL_OBJS) $(shell $(PKG_CONFIG) --libs libbsd-overlay libcurl)

# What the mount has, for scripts/endpoints.
$(BUILD)/tables: $(BUILD)/tests/tools/tables.o $(OBJS)
	$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# Unit tests: every program with the address and undefined-behaviour
# sanitizers, the threaded ones once more with the thread sanitizer.  Other
# files in tests/unit are linked to all of them.
UNIT = build/unit
UNIT_SRCS = $(wildcard tests/unit/test_*.c tests/unit/thread_*.c)
UNIT_PROGRAMS = $(UNIT_SRCS:tests/unit/%.c=$(UNIT)/%$(UNIT_SUFFIX))
UNIT_HELPERS = $(filter-out $(UNIT_SRCS),$(wildcard tests/unit/*.c))
UNIT_OBJS = $(UNIT_HELPERS:%.c=$(BUILD)/%.o)

unit:
	$(MAKE) BUILD=build/asan SANITIZE=address,undefined unit-programs
	$(MAKE) BUILD=build/tsan SANITIZE=thread UNIT_SUFFIX=.tsan \
	    UNIT_SRCS="$(wildcard tests/unit/thread_*.c)" \
	    UNIT_HELPERS="$(UNIT_HELPERS)" unit-programs

unit-programs: $(UNIT_PROGRAMS)

$(UNIT)/%$(UNIT_SUFFIX): $(BUILD)/tests/unit/%.o $(UNIT_OBJS) $(OBJS)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS)

# Fuzz targets (tests/fuzz), which scripts/fuzz builds with clang's fuzzer.
# They take objects from an archive, so that one may stand in for a module.
FUZZ = build/fuzz
FUZZ_PROGRAMS = $(patsubst tests/fuzz/%.c,$(FUZZ)/%, \
	$(wildcard tests/fuzz/fuzz_*.c))

fuzz:
	scripts/fuzz

fuzz-programs: $(FUZZ_PROGRAMS)

$(FUZZ)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/fuzz.o \
    $(BUILD)/prusafs.a
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/prusafs.a: $(OBJS)
	rm -f $@
	ar rcs $@ $(OBJS)

# prusafs with calls of its own objects that can be made to fail.
TORTURE = build/torture
WRAPPED = malloc calloc realloc reallocarray strdup strndup asprintf pwrite \
	pread ftruncate fdatasync fsync linkat rename mkostemp fopen open write

torture-programs: $(BUILD)/prusafs-torture $(BUILD)/simprinter

$(BUILD)/prusafs-torture: $(BUILD)/fs/main.o $(OBJS) $(BUILD)/tests/torture/wrap.o
	$(LINK) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LIBS)

torture:
	scripts/torture

check:
	scripts/check --no-install

# Random operations against a model, each seed for SECONDS on each
# personality.
SECONDS ?= 600
SEEDS ?= 1 2 3

soak: all
	PRUSAFS=$(BUILD)/prusafs tests/model/run $(SECONDS) $(SEEDS)

# Bugs that the tests must catch.
mutants:
	tests/mutants/run

bench: all
	tests/bench/farm
	tests/bench/run
	tests/bench/waits

lint:
	@scripts/lint

format:
	clang-format -i $(FORMATTED)

FORMATTED = $(shell find client cache fs tests -name '*.[ch]')

# mount(8) looks for its helpers in /sbin only.
SBINDIR ?= /sbin
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man/man8
COMPDIR = $(PREFIX)/share/bash-completion/completions
MIMEDIR = $(PREFIX)/share/mime/packages

# Desktops look at what this makes of MIMEDIR; packages have a trigger for it.
UPDATE_MIME = [ -n "$(DESTDIR)" ] || [ ! -d $(MIMEDIR) ] || \
	! command -v update-mime-database >/dev/null || \
	update-mime-database $(PREFIX)/share/mime

install: $(BUILD)/prusafs
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR) \
	    $(DESTDIR)$(SBINDIR) $(DESTDIR)$(COMPDIR) $(DESTDIR)$(MIMEDIR)
	install $(BUILD)/prusafs $(DESTDIR)$(BINDIR)/prusafs
	install -m 644 prusafs.8 $(DESTDIR)$(MANDIR)/prusafs.8
	ln -sf prusafs.8 $(DESTDIR)$(MANDIR)/mount.prusafs.8
	ln -sf prusafs.8 $(DESTDIR)$(MANDIR)/mount.fuse.prusafs.8
	install -m 644 scripts/completions/prusafs.bash \
	    $(DESTDIR)$(COMPDIR)/prusafs
	install -m 644 scripts/mime/prusafs.xml \
	    $(DESTDIR)$(MIMEDIR)/prusafs.xml
	ln -sf $(BINDIR)/prusafs $(DESTDIR)$(SBINDIR)/mount.prusafs
	ln -sf $(BINDIR)/prusafs $(DESTDIR)$(SBINDIR)/mount.fuse.prusafs
	$(UPDATE_MIME)

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/prusafs $(DESTDIR)$(MANDIR)/prusafs.8 \
	    $(DESTDIR)$(MANDIR)/mount.prusafs.8 \
	    $(DESTDIR)$(MANDIR)/mount.fuse.prusafs.8 \
	    $(DESTDIR)$(COMPDIR)/prusafs $(DESTDIR)$(MIMEDIR)/prusafs.xml \
	    $(DESTDIR)$(SBINDIR)/mount.prusafs \
	    $(DESTDIR)$(SBINDIR)/mount.fuse.prusafs
	$(UPDATE_MIME)

clean:
	rm -rf build

.PHONY: all bench mutants soak torture torture-programs unit unit-programs fuzz fuzz-programs check lint format install uninstall clean
.SECONDARY:

-include $(wildcard $(BUILD)/tests/unit/*.d $(BUILD)/tests/fuzz/*.d)

-include $(BUILD)/fs/main.d $(OBJS:.o=.d) $(SIM_OBJS:.o=.d) $(MODEL_OBJS:.o=.d) $(BUILD)/tests/sim/simctl.d \
	$(BUILD)/tests/tools/tables.d
