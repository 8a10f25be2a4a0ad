# What the tests of failures need beyond helper.bash: ending things the hard
# way and starting them again.
# shellcheck shell=bash
# shellcheck disable=SC2154 # helper.bash and bats set these

# prusafs dies; its mount stays, stale.
die() {
	kill -KILL "$FS_PID"
	wait "$FS_PID" 2>/dev/null || :
	FS_PID=
}

# The same, and its mount is taken away.
crash() {
	die
	umount -l "$M"
}

# serve MOUNTPOINT [OPTIONS]: run prusafs there and leave its pid in SERVED.
serve() {
	local options="user=maker,password_file=$DIR/password"
	options="$options,cache_dir=$DIR/cache,ttl=1${2:+,$2}"
	"$PRUSAFS" -f -o "$options" "$URL" "$1" >>"$OUT" 2>&1 3>&- &
	SERVED=$!
	eventually serves_or_dead "$1"
	test -e "$1/log"
}

serves_or_dead() {
	test -e "$1/log" || ! kill -0 "$SERVED"
}

# Mount again; the log and the requests begin anew.
remounted() {
	serve "$M" "$@"
	FS_PID=$SERVED
	forget_requests
}

# In its place somebody who takes connections and says nothing; the moments
# at which they came, in seconds, are in $DIR/connections.
black_hole() {
	rm -f "$DIR/connections.open"
	: >"$DIR/connections"
	python3 - "${URL##*:}" "$DIR/connections" 3>&- <<-'END' &
	import socket, sys, time
	server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
	open(sys.argv[2] + ".open", "w").close()
	kept = []
	while True:
	    kept.append(server.accept()[0])
	    with open(sys.argv[2], "a") as log:
	        log.write("%.2f\n" % time.monotonic())
	END
	HOLE_PID=$!
	eventually test -e "$DIR/connections.open"
}

black_hole_gone() {
	kill -KILL "$HOLE_PID"
	wait "$HOLE_PID" || :
}

# background COMMAND…: as a shell with job control starts it: a group of its
# own, with signals as they come.  Its pid, and the group's, is in STUCK.
background() {
	rm -f "$DIR/background.out"
	setsid env --default-signal=INT,QUIT,HUP,TERM,PIPE \
	    "$@" >"$DIR/background.out" 2>&1 3>&- &
	STUCK=$!
}

# Does a process of that group wait for an answer of prusafs?  Who reads
# waits for a page.
is_stuck() {
	local pid
	for pid in $(pgrep -g "$1"); do
		! grep -q 'request_wait\|fuse\|folio\|page' \
		    "/proc/$pid/wchan" || return 0
	done
	return 1
}

# What is dead but not waited for does not count.
group_is_gone() {
	! pgrep -r D,R,S,T -g "$1"
}

# stuck_dies SIGNAL: the group in STUCK waits for the printer; its call ends
# when it is told to, and so does it (rsync takes a nap before).
stuck_dies() {
	eventually is_stuck "$STUCK"
	kill "-$1" -- "-$STUCK"
	within 1 refute is_stuck "$STUCK" || {
		echo "# SIG$1 did not end the call" >&2
		return 1
	}
	within 3 group_is_gone "$STUCK"
	wait "$STUCK" 2>/dev/null || :
}

# How many lines of the log say so.
log_count() {
	grep -c -- "$1" "$M/log" || :
}

# The files that unsent/ has on the local disk: those with a destination.
# Bytes without one are cached, and go at the unmount at the latest.
kept_on_disk() {
	find "$DIR/cache" -path '*.unsent/*.dest' -type f | wc -l
}

no_bytes_on_disk() {
	local left
	left=$(find "$DIR/cache" -path '*.unsent/*' -type f ! -name lock)
	[ -z "$left" ] || {
		echo "# left on the local disk: $left" >&2
		return 1
	}
}

# unsent_has NAME…: these and no others.
unsent_has() {
	local there
	there=$(ls -A "$M/unsent")
	[ "$there" = "$(printf '%s\n' "$@" | sort)" ] && return
	echo "# in unsent/: $there" >&2
	return 1
}

unsent_is_empty() {
	unsent_has '' && [ "$(kept_on_disk)" -eq 0 ]
}

# The next upload is refused, in the words given.
refuse() {
	ctl fail PUT /api/ 507 1 "$@"
}

# refused FILE TARGET: cp that fails.
refused() {
	refuse It is full
	refute cp "$1" "$2" 2>/dev/null
}

# Is an upload on its way, or are there so many?
is_sending() {
	jq -es '[.[].uploads[] | select(.state == "sending" and .bytes > 0)]
	    | length > 0' "$M/uploads.json"
}

has_under_way() {
	[ "$(jq '[.uploads[] | select(.state == "sending" or
	    .state == "waiting")] | length' "$M/uploads.json")" -eq "$1" ]
}

# Nothing but these names is in the printer's storage, hidden files aside.
printer_has() {
	local there
	there=$(find "$DISK" -type f ! -name '.*' -printf '%P\n' | sort)
	[ "$there" = "$(printf '%s\n' "$@" | sort)" ] && return
	echo "# on the printer: $there" >&2
	return 1
}
