# prusafs: build, test, install.
#
# CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR are yours to set; what the project
# needs is added beside them.  SANITIZE=address,undefined (or thread) with a
# BUILD directory of its own makes an instrumented build:
#
#	make BUILD=build/asan SANITIZE=address,undefined

CC ?= cc
CFLAGS ?= -O2 -g
LDFLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
SANITIZE ?=

VERSION = 0.1.0

PACKAGES = fuse3 libcurl libcjson libbsd-overlay

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla

ifeq ($(SANITIZE),)
HARDENING = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
else
HARDENING = -fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
LDSANITIZE = -fsanitize=$(SANITIZE)
endif

OUR_CPPFLAGS = -I. -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	$(shell pkg-config --cflags $(PACKAGES))
OUR_CFLAGS = -std=c11 -pthread $(WARNINGS) $(HARDENING)
OUR_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now $(LDSANITIZE)
LIBS = $(shell pkg-config --libs $(PACKAGES))

COMPILE = $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS)
LINK = $(CC) $(OUR_LDFLAGS) $(LDFLAGS)

# The file system.  Everything but main.c, which the unit tests replace.
SRCS =

# The simulated printer.
SIM_SRCS =

SIM_LIBS = $(shell pkg-config --libs libcjson libbsd-overlay libjpeg) -lmd

OBJS = $(SRCS:%.c=$(BUILD)/%.o)
SIM_OBJS = $(SIM_SRCS:%.c=$(BUILD)/%.o)

all: $(BUILD)/simprinter $(BUILD)/simctl

$(BUILD)/simprinter: $(SIM_OBJS)
	$(LINK) -o $@ $(SIM_OBJS) $(SIM_LIBS)

$(BUILD)/simctl: $(BUILD)/tests/sim/simctl.o
	$(LINK) -o $@ $(BUILD)/tests/sim/simctl.o $(SIM_LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

clean:
	rm -rf build

.PHONY: all clean

-include $(OBJS:.o=.d) $(SIM_OBJS:.o=.d) $(BUILD)/tests/sim/simctl.d
