# What every bats file needs: a simulated printer of its own, a mount of its
# own, waiting with a deadline, and counting requests.
#
# PRUSAFS names the binary under test; the simulator is taken from beside it.
# RECORD names a directory (absolute) to keep all requests in, for
# scripts/endpoints.
# Tests say what they want with these:
#
#	printer buddy|pi|obico [OPTION …]  start a simulated printer, or
#				an Obico server with some
#	mounted [OPTIONS]		mount it, with more -o options
#	fresh buddy|pi|obico [OPTIONS]	both, ending what there was before
#
# and find $M (the mount point), $P (the printer's directory in it: of an Obico
# account, one that prints), $S (its storage), $DISK (where the simulator
# keeps the files of that storage), $DIR (a directory that goes away).
# shellcheck disable=SC2034 # the tests use these
# shellcheck disable=SC2154 # bats sets these

ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
PRUSAFS=${PRUSAFS:-$ROOT/build/prusafs}
SIMPRINTER=${SIMPRINTER:-$(dirname "$PRUSAFS")/simprinter}
SIMCTL=${SIMCTL:-$(dirname "$PRUSAFS")/simctl}
TOOLS=$ROOT/tests/tools
PASSWORD=sesame-1234567
TOKEN=token-1234567

PATIENCE=30
export LC_ALL=C.UTF-8
unset PRUSA_HOST PRUSA_USERNAME PRUSA_PASSWORD OBICO_TOKEN CDPATH LANGUAGE
# For the tools; prusafs knows no proxy.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

bats_require_minimum_version 1.5.0

setup() {
	DIR=$(mktemp -d "${BATS_TMPDIR:-/tmp}/prusafs-test.XXXXXX")
	DIR=$(realpath "$DIR")
	M=$DIR/mnt
	OUT=$DIR/prusafs.err
	SIM_PID=
	FS_PID=
	RUN_AS=()
	umask 022
	mkdir "$M"
	chmod 755 "$DIR"
	export XDG_CACHE_HOME=$DIR/xdg-cache XDG_CONFIG_HOME=$DIR/xdg-config
	sanitize
	[ -z "${RECORD-}" ] || record
}

# Have all simulated printers of this test tell their requests in a file of
# that name, below $RECORD.
record() {
	local name=${BATS_TEST_DESCRIPTION//\//_}
	local folder
	folder=$RECORD/$(basename "$BATS_TEST_FILENAME")
	mkdir -p "$folder"
	export SIMPRINTER_RECORD="$folder/$name"
	rm -f "$SIMPRINTER_RECORD"
}

# Have the sanitizers write beside the test, wherever stderr goes.
sanitize() {
	local common="log_path=$DIR/sanitizer"
	export ASAN_OPTIONS="$common:detect_stack_use_after_return=1"
	ASAN_OPTIONS+=":detect_leaks=1:suppressions=$TOOLS/asan.supp"
	export UBSAN_OPTIONS="$common:print_stacktrace=1"
	export TSAN_OPTIONS="$common:second_deadlock_stack=1"
	TSAN_OPTIONS+=":suppressions=$TOOLS/tsan.supp"
}

# For what libfuse itself leaks when it ends amid calls.
ignore_leaks() {
	ASAN_OPTIONS=${ASAN_OPTIONS/detect_leaks=1/detect_leaks=0}
}

is_sanitized() {
	case $PRUSAFS in
	*asan* | *tsan* | *sanit*) return 0 ;;
	*) return 1 ;;
	esac
}

# within SECONDS COMMAND…: until it succeeds, or the time is up.  The last look
# begins after that, however long the machine has let us wait.
within() {
	local deadline=$((SECONDS + $1)) last=
	shift
	until "$@" >/dev/null 2>&1; do
		if [ -n "$last" ]; then
			echo "# waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.05
		[ "$SECONDS" -le "$deadline" ] || last=yes
	done
}

eventually() {
	within "$PATIENCE" "$@"
}

# What must not succeed.
refute() {
	if "$@"; then
		echo "# must not succeed: $*" >&2
		return 1
	fi
}

is_mounted() {
	grep -qE " $M .* - fuse\.prusafs " /proc/self/mountinfo
}

# printer PERSONALITY [OPTION …]
printer() {
	finish_all
	PERSONALITY=$1
	shift
	echo "# a printer: $PERSONALITY"
	rm -rf "$DIR/printer" "$DIR/requests" "$DIR/ready"
	mkdir "$DIR/printer"
	local login=(--password "$PASSWORD" --api-key api-key --preview off)
	P=$M
	STORAGE=usb
	DISK=$DIR/printer
	if [ "$PERSONALITY" = pi ]; then
		STORAGE=local
		DISK=$DIR/printer/local
	elif [ "$PERSONALITY" = obico ]; then
		P="$M/MK3S Workshop"
		STORAGE=gcodes
		login=(--token "$TOKEN")
	fi
	S=$P/$STORAGE
	[ "$PERSONALITY" != obico ] || S=$M/$STORAGE
	: >"$DIR/requests"
	"$SIMPRINTER" --personality "$PERSONALITY" --port 0 \
	    --storage "$DIR/printer" "${login[@]}" \
	    --log "$DIR/requests" --control "$DIR/fifo" "$@" \
	    >"$DIR/ready" 2>"$DIR/simprinter.err" 3>&- &
	SIM_PID=$!
	eventually grep -q READY "$DIR/ready"
	URL=$(sed -n 's/^READY //p' "$DIR/ready")
	(umask 077 && echo "$PASSWORD" >"$DIR/password" &&
	    echo "$TOKEN" >"$DIR/token")
	rm -rf "$DIR/cache"
}

# mounted [OPTIONS]: in the foreground of a background process.
mounted() {
	local options="user=maker,password_file=$DIR/password"
	[ "$PERSONALITY" != obico ] ||
	    options="type=obico,token_file=$DIR/token"
	options="$options,cache_dir=$DIR/cache,ttl=1${1:+,$1}"
	"${RUN_AS[@]}" "$PRUSAFS" -f -o "$options" "$URL" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually mounted_or_dead
	is_mounted
	forget_requests
}

mounted_or_dead() {
	is_mounted || ! kill -0 "$FS_PID"
}

fresh() {
	printer "$1"
	mounted "${2-}"
}

both() {
	echo buddy pi
}

ctl() {
	"$SIMCTL" "$DIR/fifo" "$@"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# Unmount, and have the daemon end by itself.
unmounted() {
	[ -n "$FS_PID" ] || return 0
	if is_mounted; then
		# Let the daemon hear first of what was closed just now.
		stat -f "$M" >/dev/null 2>&1 || :
		umount "$M" 2>/dev/null || fusermount3 -u "$M" ||
		    umount -l "$M"
	fi
	if ! eventually is_gone "$FS_PID"; then
		kill -KILL "$FS_PID"
		echo '# prusafs did not end after umount' >&2
		return 1
	fi
	local rc=0
	wait "$FS_PID" || rc=$?
	FS_PID=
	if [ "$rc" -ne 0 ]; then
		echo "# prusafs ended with status $rc" >&2
		return 1
	fi
}

finish_all() {
	local rc=0
	unmounted || rc=1
	if [ -n "$SIM_PID" ]; then
		kill "$SIM_PID" 2>/dev/null
		wait "$SIM_PID" || rc=1
		SIM_PID=
	fi
	no_sanitizer_reports || rc=1
	return $rc
}

no_sanitizer_reports() {
	local file
	for file in "$DIR"/sanitizer.* "$DIR"/*.err; do
		[ -e "$file" ] || continue
		case $file in
		*.err) grep -qE 'Sanitizer|runtime error:' "$file" ||
		    continue ;;
		esac
		echo "# a sanitizer's report in $(basename "$file"):" >&2
		head -n 60 "$file" >&2
		return 1
	done
}

# What a failed test has left running in the background.
kill_helpers() {
	local pid
	for pid in $(jobs -rp); do
		[ "$pid" = "$FS_PID" ] || [ "$pid" = "$SIM_PID" ] ||
		    kill -KILL "$pid" 2>/dev/null || :
	done
}

teardown() {
	local rc=0
	if [ -z "${BATS_TEST_COMPLETED-}" ]; then
		echo '# stderr of prusafs:'
		tail -n 15 "$OUT" 2>/dev/null || :
		echo '# the last requests:'
		tail -n 15 "$DIR/requests" 2>/dev/null || :
		echo '# the log in the mount:'
		if [ -n "$FS_PID" ]; then
			timeout 5 tail -n 15 "$M/log" || :
		fi
	fi
	kill_helpers
	finish_all || rc=1
	if is_mounted; then
		umount -l "$M" || rc=1
	fi
	rm -rf --one-file-system "$DIR" || rc=1
	return $rc
}

# The printer loses its power.
printer_dies() {
	kill -KILL "$SIM_PID"
	wait "$SIM_PID" || :
	SIM_PID=
	port_is_kept "${URL##*:}"
}

# Nobody else on this machine gets the port while the printer is away.  Its
# next server may: both say SO_REUSEADDR, and this one does not listen.
port_is_kept() {
	python3 - "$1" >/dev/null 2>&1 3>&- <<-'END' &
	import socket, sys, time
	kept = socket.socket()
	kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	kept.bind(("127.0.0.1", int(sys.argv[1])))
	time.sleep(1000)
	END
}

# The same printer at the same address, knowing no login any more.
printer_again() {
	rm -f "$DIR/ready" "$DIR/fifo"
	"$SIMPRINTER" --personality "$PERSONALITY" --port "${URL##*:}" \
	    --storage "$DIR/printer" --password "$PASSWORD" --api-key api-key \
	    --log "$DIR/requests" --control "$DIR/fifo" --preview off \
	    >"$DIR/ready" 2>>"$DIR/simprinter.err" 3>&- &
	SIM_PID=$!
	eventually grep -q READY "$DIR/ready"
}

forget_requests() {
	: >"$DIR/requests"
}

# requests [METHOD [TARGET-PATTERN]]: how many there were that got past the
# login.  What a mount does in its folder of its own on a Pi, a moment after an
# upload was broken off, counts where the pattern asks for it.
requests() {
	jq -rs --arg method "${1-.}" --arg target "${2-.}" '
	    [.[] | select(.status != 401 and (.method | test($method)) and
		(.target | test($target)) and
		((.target | contains("/prusafs-") | not) or
		    ($target | contains("/prusafs-"))))] | length' \
	    "$DIR/requests"
}

refused_logins() {
	jq -rs --arg method "${1-.}" '[.[] | select(.status == 401 and
	    (.method | test($method)))] | length' "$DIR/requests"
}

has_requests() {
	[ "$(requests "${@:2}")" -ge "$1" ]
}

# The simulator notes a request at its end: give the last one a moment.
assert_requests() {
	within 5 has_requests "$@" || :
	local count
	count=$(requests "${@:2}")
	[ "$count" -eq "$1" ] && return
	echo "# $count requests (${*:2}), wanted $1:" >&2
	cat "$DIR/requests" >&2
	return 1
}

assert_requests_at_most() {
	local count
	count=$(requests "${@:2}")
	[ "$count" -le "$1" ] && return
	echo "# $count requests (${*:2}), wanted at most $1:" >&2
	cat "$DIR/requests" >&2
	return 1
}

# Exactly one upload, with bytes, taken, and no login refused on it.  (The
# simulator is strict: a PUT without a Content-Length is 411.)
assert_one_put() {
	assert_requests 1 '^PUT$' && [ "$(refused_logins '^PUT$')" -eq 0 ] &&
	    jq -es '[.[] | select(.method == "PUT" and
		(.target | contains("/prusafs-") | not))] |
		all(.in > 0 and .status == 201)' "$DIR/requests" >/dev/null
}

# The errno's text came out, and the command failed.
assert_fails_with() {
	local text=$1
	shift
	run "$@"
	[ "$status" -ne 0 ] || {
		echo "# must fail: $*" >&2
		return 1
	}
	[[ $output == *"$text"* ]] || {
		echo "# \"$text\" is not in: $output" >&2
		return 1
	}
}

# A print file of so many bytes, different for each name.
model() {
	local path=$1 size=${2:-40000}
	awk -v size="$size" -v name="$path" 'BEGIN {
		line = "; model " name "\nG28\n"
		while (length(line) < 500)
			line = line "G1 X" length(line) " Y10 E0.5\n"
		for (i = 0; i < size; i += length(line))
			printf "%s", line
	}' | head -c "$size" >"$path"
}

# Put a file on the printer's storage behind the mount's back.
on_disk() {
	local name=$1 size=${2:-1000}
	mkdir -p "$(dirname "$DISK/$name")"
	model "$DISK/$name" "$size"
}

peak_kib() {
	awk '/^VmHWM/ { print $2 }' "/proc/$FS_PID/status"
}

# What the printer itself answers: ask TARGET
ask() {
	local key=$PASSWORD
	[ "$PERSONALITY" = buddy ] || key=api-key
	"$TOOLS/ask" "$URL$1" "$key"
}

# A value of status.json.
status_of() {
	jq -r "$1" "$M/status.json"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip 'only root can do this'
}

# Let the daemon, and what is run by "${RUN_AS[@]}", be an ordinary user's.
# Containers often have a /dev/fuse for root alone; udev makes it 0666.
as_nobody() {
	need_root
	[ "$(stat -c %a /dev/fuse)" = 666 ] || chmod 666 /dev/fuse
	RUN_AS=(setpriv --reuid=nobody --regid="$(id -g nobody)"
	    --clear-groups)
	chown -R nobody "$DIR"
}
