#!/usr/bin/env bats
# Printers that stop answering and come back, callers that are killed, and
# ends of all kinds.
load helper
load failures

eval "$(declare -f teardown | sed '1s/teardown/common_teardown/')"
teardown() {
	local rc=0
	[ -z "${HOLE_PID-}" ] || kill -KILL "$HOLE_PID" 2>/dev/null || :
	common_teardown || rc=1
	# A mount upon a mount is a failure too.
	while is_mounted; do
		umount -l "$M"
	done
	rm -rf --one-file-system "$DIR" || rc=1
	return $rc
}

long_documents='version.json info.json'
live_documents='status.json job.json storage.json transfer.json status/state'

say() {
	echo "$1" >"$M/control"
}

# Who asks five seconds after the last attempt tries again, and waits for three.
times_out() {
	local before=$SECONDS
	run cat "$M/status.json"
	[[ $output == *'timed out'* ]] && TRIED=$((before + 3))
}

# down COMMAND…: it fails at once, somebody else having tried just now.
down() {
	[ $((SECONDS - TRIED)) -lt 3 ] || eventually times_out
	assert_fails_with 'Host is down' "$@"
}

@test "a frozen printer times out once, and is away from then on" {
	local kind document
	for kind in $(both); do
		printer "$kind"
		mounted answer_timeout=3,connect_timeout=2
		on_disk cached.gcode 100000
		# Whoever else stored it did so before it was read.
		touch -d '-1 hour' "$DISK/cached.gcode"
		cat "$S/cached.gcode" >"$DIR/cached"
		model "$DIR/model.gcode" 50000
		for document in $long_documents; do
			cat "$M/$document" >"$DIR/$document"
		done
		ctl freeze 1000
		times_out
		# Nobody else waits, for then he would time out too.
		for document in $live_documents; do
			down cat "$M/$document"
		done
		[ "$(cat "$M/status/online")" = 0 ]
		down cp "$DIR/model.gcode" "$S/"
		down rm "$S/cached.gcode"
		down mkdir "$S/folder"
		down say pause
		for document in $long_documents; do
			cmp "$DIR/$document" "$M/$document"
		done
		[ "$(ls "$S")" = cached.gcode ]
		[ "$(stat -c %s "$S/cached.gcode")" -eq 100000 ]
		ls -l "$M" "$S" >/dev/null
		cmp "$DIR/cached" "$S/cached.gcode"
		df "$M" >/dev/null
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		down mv "$M/unsent/model.gcode" "$S/"
		unsent_has model.gcode
		jq -e '.uploads | length == 2 and all(.state == "failed" and
		    (.verdict | test("Host is down")))' "$M/uploads.json"
		ctl freeze 0
		within 20 cat "$M/status.json"
		[ "$(cat "$M/status/online")" = 1 ]
		[ "$(log_count 'is away')" -eq 1 ]
		[ "$(log_count 'is back')" -eq 1 ]
		cmp "$DIR/cached" "$DISK/cached.gcode"
		refute test -e "$DISK/model.gcode"
		mv "$M/unsent/model.gcode" "$S/"
		cmp "$DIR/model.gcode" "$S/model.gcode"
		unsent_is_empty
	done
}

# Ask again and again, in every way there is, until it is enough.
caller() {
	until [ -e "$DIR/enough" ]; do
		"$@" || :
		echo answered >>"$DIR/answered"
	done >/dev/null 2>&1 3>&-
}

has_connections() {
	[ "$(wc -l <"$DIR/connections")" -ge "$1" ]
}

@test "a printer that is away is tried once in five seconds at most" {
	local pids=()
	printer buddy
	on_disk there.gcode 1000
	on_disk other.gcode 1000
	mounted answer_timeout=1,connect_timeout=1
	ls -l "$S" >/dev/null
	cat "$S/there.gcode" >/dev/null
	model "$DIR/model.gcode" 5000
	printer_dies
	black_hole
	refute cat "$M/status.json" 2>/dev/null
	caller cat "$M/status.json" &
	pids+=($!)
	caller cat "$M/status.json" "$M/job.json" "$M/status/online" &
	pids+=($!)
	caller ls -l "$M" "$S" &
	pids+=($!)
	caller cat "$S/other.gcode" &
	pids+=($!)
	caller cp "$DIR/model.gcode" "$S/" &
	pids+=($!)
	caller df "$M" &
	pids+=($!)
	within 30 has_connections 3
	: >"$DIR/enough"
	wait "${pids[@]}" || :
	cat "$DIR/connections"
	wc -l <"$DIR/answered"
	awk 'NR > 1 && $1 - last < 4.9 { exit 1 } { last = $1 }' \
	    "$DIR/connections"
	[ "$(wc -l <"$DIR/answered")" -gt 50 ]
	# The requests of so many callers may have pushed the line out of it.
	[ "$(grep -c 'is away' "$OUT")" -eq 1 ]
	black_hole_gone
	printer_again
	within 20 cat "$M/status.json"
	[ "$(grep -c 'is away' "$OUT")" -eq 1 ]
	[ "$(grep -c 'is back' "$OUT")" -eq 1 ]
	rm -f "$M/unsent/model.gcode"
	cp "$DIR/model.gcode" "$S/"
}

@test "nobody asks for a printer that is away but its users" {
	printer buddy
	mounted answer_timeout=1,connect_timeout=1
	printer_dies
	black_hole
	refute cat "$M/status.json" 2>/dev/null
	eventually has_connections 1
	refute within 7 has_connections 2
}

@test "a printer started again between two accesses is not missed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		cat "$M/status.json" >/dev/null
		cp "$DIR/model.gcode" "$S/before.gcode"
		cmp "$DIR/model.gcode" "$S/before.gcode"
		printer_dies
		printer_again
		cat "$M/storage.json" >/dev/null
		cp "$DIR/model.gcode" "$S/after.gcode"
		cmp "$DIR/model.gcode" "$DISK/after.gcode"
		echo refresh >"$M/control"
		cmp "$DIR/model.gcode" "$S/after.gcode"
		assert_requests 2 '^PUT$'
		[ "$(log_count 'is away')" -eq 0 ]
	done
}

@test "a printer that was off works again without a remount" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		ls "$S" >/dev/null
		printer_dies
		[ "$(cat "$M/status/online")" = 0 ]
		assert_fails_with 'Host is down' cat "$M/status.json"
		assert_fails_with 'Host is down' cp "$DIR/model.gcode" "$S/"
		printer_again
		within 20 cat "$M/status.json"
		[ "$(cat "$M/status/online")" = 1 ]
		mv "$M/unsent/model.gcode" "$S/"
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		[ "$(log_count 'is away')" -eq 1 ]
		[ "$(log_count 'is back')" -eq 1 ]
	done
}

has_open() {
	find "/proc/$1/fd" -lname "*/$2" | grep -q .
}

@test "cat and ls of a frozen printer end when they are killed" {
	local kind signal
	for kind in $(both); do
		fresh "$kind"
		on_disk big.gcode 3000000
		for signal in KILL INT TERM HUP QUIT; do
			# Opened before, for a listing is old after five
			# seconds and then open would be stuck.
			exec 7<"$S/big.gcode"
			ctl freeze 1000
			# open
			background cat "$M/status.json"
			stuck_dies "$signal"
			# read
			background sh -c 'exec cat <&7'
			eventually has_open "$STUCK" big.gcode
			exec 7<&-
			stuck_dies "$signal"
			ctl freeze 0
			echo refresh >"$M/control"
			ctl freeze 1000
			# opendir
			background ls "$S"
			stuck_dies "$signal"
			ctl freeze 0
		done
		[ "$(ls "$S")" = big.gcode ]
		cmp "$DISK/big.gcode" "$S/big.gcode"
		[ "$(log_count 'is away')" -eq 0 ]
	done
}

# stuck_upload SIGNAL COMMAND…: it waits for an upload to a printer that
# froze before the upload, and ends.
stuck_upload() {
	local signal=$1
	shift
	echo "# SIG$signal: $*"
	ctl freeze 0
	ls -l "$S" >/dev/null
	ctl freeze 1000
	background "$@"
	eventually has_under_way 1
	stuck_dies "$signal"
	within 5 has_under_way 0
}

# The same in the midst of it, for what looks at the folder once more when it
# has written the bytes: the listing may be too old by then.
stuck_amid() {
	local signal=$1
	shift
	echo "# SIG$signal: $*"
	ctl freeze 0
	ctl rate 1000000
	background "$@"
	eventually has_under_way 1
	ctl freeze 1000
	stuck_dies "$signal"
	within 5 has_under_way 0
	ctl rate 0
}

# Have TARGET open, and change it in the middle at SIGUSR1.
changer() {
	background python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
out = os.open(sys.argv[1], os.O_WRONLY)
print("ready", flush=True)
signal.sigwait([signal.SIGUSR1])
os.pwrite(out, b"M84", 1000)' "$1"
	eventually grep -q ready "$DIR/background.out"
}

# What was called off is done all the same when the printer goes on.
deletions_are_done() {
	[ $(($(requests '^DELETE$') + $(refused_logins '^DELETE$'))) -ge \
	    "$(log_count 'DELETE .*Interrupted')" ]
}

@test "writers to a frozen printer end when they are killed" {
	local kind signal
	for kind in $(both); do
		fresh "$kind"
		# More than the kernel's socket buffers take.
		model "$DIR/model.gcode"
		truncate -s 40000000 "$DIR/model.gcode"
		on_disk there.gcode 100000
		refused "$DIR/model.gcode" "$S/kept.gcode"
		for signal in KILL INT; do
			cp "$DIR/model.gcode" "$S/a.part"
			# close
			stuck_upload "$signal" cp "$DIR/model.gcode" "$S/a.gcode"
			# rename
			stuck_upload "$signal" mv "$S/a.part" "$S/b.gcode"
			stuck_upload "$signal" mv "$M/unsent/kept.gcode" "$S/"
			stuck_amid "$signal" \
			    rsync "$DIR/model.gcode" "$S/c.gcode"
			# open and write: is it printed, what is there?
			echo "# SIG$signal: open and write"
			background dd if=/dev/zero of="$S/there.gcode" \
			    bs=10 count=1 conv=notrunc
			stuck_dies "$signal"
			ctl freeze 0
			changer "$S/there.gcode"
			ctl freeze 1000
			kill -USR1 "$STUCK"
			stuck_dies "$signal"
			ctl freeze 0
			ls -l "$S" >/dev/null
			ctl freeze 1000
			# unlink
			background rm -f "$S/there.gcode"
			stuck_dies "$signal"
			ctl freeze 0
			# The printer may have got the DELETE.
			eventually jq -e .printer.state "$M/status.json"
			eventually deletions_are_done
			eventually refute jq -e . "$M/transfer.json"
			on_disk there.gcode 100000
			echo refresh >"$M/control"
			unsent_has kept.gcode
		done
		printer_has there.gcode
		# The slot is free.
		forget_requests
		mv "$M/unsent/kept.gcode" "$S/"
		assert_one_put
		within 5 cmp "$DIR/model.gcode" "$DISK/kept.gcode"
	done
}

@test "an upload killed in mid-body, on a printer that froze, is forgotten" {
	local kind signal
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		truncate -s 40000000 "$DIR/model.gcode"
		for signal in KILL INT; do
			ctl rate 2000000
			background cp "$DIR/model.gcode" "$S/model.gcode"
			eventually is_sending
			ctl freeze 1000
			stuck_dies "$signal"
			within 5 has_under_way 0
			ctl rate 0
			ctl freeze 0
			eventually printer_has ''
			unsent_is_empty
		done
		# They are noted when the printer has cleaned up.
		eventually has_requests 2 '^PUT$'
		forget_requests
		cp "$DIR/model.gcode" "$S/"
		assert_one_put
	done
}

@test "signals that do not kill disturb no call" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk there.gcode 300000
		model "$DIR/model.gcode" 300000
		ctl latency 100
		python3 - "$DIR/model.gcode" "$S" 3>&- <<-'END'
		# Python itself repeats a call that is interrupted; libc does not.
		import ctypes, os, signal, sys, time
		libc = ctypes.CDLL(None, use_errno=True)
		numbers = [signal.SIGALRM, signal.SIGCHLD, signal.SIGURG,
		    signal.SIGWINCH, signal.SIGUSR1, signal.SIGIO]
		count = 0
		def note(*_):
		    global count
		    count += 1
		for number in numbers:
		    signal.signal(number, note)
		    signal.siginterrupt(number, True)
		me = os.getpid()
		child = os.fork()
		if child == 0:
		    while os.getppid() == me:
		        for number in numbers:
		            os.kill(me, number)
		        time.sleep(0.005)
		    os._exit(0)

		def call(name, *args):
		    result = getattr(libc, name)(*args)
		    if result < 0:
		        sys.exit(name + ": " + os.strerror(ctypes.get_errno()))
		    return result

		def read_all(path):
		    fd = call("open", path, os.O_RDONLY)
		    buffer, data = ctypes.create_string_buffer(65536), b""
		    while (got := call("read", fd, buffer, 65536)) > 0:
		        data += buffer.raw[:got]
		    call("close", fd)
		    return data

		def write_all(path, flags, data):
		    fd = call("open", path, flags, 0o644)
		    while data:
		        data = data[call("write", fd, data, len(data)):]
		    call("close", fd)

		model = open(sys.argv[1], "rb").read()
		there, new, part, final = (
		    (sys.argv[2] + "/" + name).encode() for name in
		    ("there.gcode", "new.gcode", "final.part", "final.gcode"))
		before = read_all(there)
		write_all(new, os.O_WRONLY | os.O_CREAT, model)
		write_all(part, os.O_WRONLY | os.O_CREAT, model)
		call("rename", part, final)
		write_all(there, os.O_WRONLY, b"G28\n")
		if read_all(there) != b"G28\n" + before[4:]:
		    sys.exit("there.gcode differs")
		if read_all(final) != model:
		    sys.exit("final.gcode differs")
		call("unlink", final)
		call("mkdir", sys.argv[2].encode() + b"/folder", 0o755)
		os.kill(child, signal.SIGKILL)
		os.waitpid(child, 0)
		if count < 50:
		    sys.exit("only %d signals" % count)
		END
		ctl latency 0
		cmp "$DIR/model.gcode" "$DISK/new.gcode"
		assert_requests 3 '^PUT$' '[^r]$'
		printer_has new.gcode there.gcode
	done
}

signal_ends() {
	local rc=0
	within "$1" is_gone "$FS_PID"
	wait "$FS_PID" || rc=$?
	FS_PID=
	[ "$rc" -eq 0 ]
	refute is_mounted
}

@test "SIGTERM lets a running upload finish, then unmounts" {
	local kind writer
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 1000000
		ctl rate 20000
		cp "$DIR/model.gcode" "$S/" 3>&- &
		writer=$!
		eventually is_sending
		kill -TERM "$FS_PID"
		# Calls are still answered.
		jq -e .printer.state "$M/status.json"
		has_under_way 1
		ctl rate 0
		wait "$writer"
		within 5 cmp "$DIR/model.gcode" "$DISK/model.gcode"
		assert_requests 1 '^PUT$'
		signal_ends 10
	done
}

@test "SIGTERM gives up an upload that takes too long, and keeps its bytes" {
	local writer
	fresh buddy
	model "$DIR/model.gcode" 3000000
	ctl rate 50000
	cp "$DIR/model.gcode" "$S/" 2>/dev/null 3>&- &
	writer=$!
	eventually is_sending
	kill -TERM "$FS_PID"
	signal_ends 20
	refute wait "$writer"
	ctl rate 0
	eventually printer_has ''
	mounted
	unsent_has model.gcode
	cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
}

@test "SIGTERM ends a mount whose callers wait for a frozen printer" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		on_disk there.gcode 100000
		stat "$S/there.gcode" >/dev/null
		ctl freeze 1000
		background cat "$S/there.gcode" "$M/status.json"
		eventually is_stuck "$STUCK"
		kill -TERM "$FS_PID"
		signal_ends 5
		within 5 group_is_gone "$STUCK"
		ctl freeze 0
	done
}

@test "umount works while the printer is frozen" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		cat "$M/version.json" >/dev/null
		ctl freeze 1000
		umount "$M"
		signal_ends 5
		ctl freeze 0
	done
}

df_waits() {
	refute timeout 20 df "$M"
}

@test "df never waits for a frozen printer, nor umount for df" {
	local kind
	for kind in $(both); do
		printer "$kind"
		mounted answer_timeout=1000
		ctl freeze 1000
		# A Raspberry Pi is asked when what is known is 5 s old.
		refute within 7 df_waits
		umount "$M"
		signal_ends 5
		ctl freeze 0
	done
}

# libfuse never frees an interrupt whose call it does not know any more.
@test "umount -l works with processes inside, and they can be killed" {
	local kind inside
	ignore_leaks
	for kind in $(both); do
		fresh "$kind"
		on_disk there.gcode 100000
		background env -C "$M" sleep 1000
		inside=$STUCK
		eventually test "/proc/$inside/cwd" -ef "$M"
		exec 7<"$S/there.gcode"
		ctl freeze 1000
		background sh -c 'exec cat <&7'
		eventually has_open "$STUCK" there.gcode
		exec 7<&-
		assert_fails_with 'busy' umount "$M"
		umount -l "$M"
		refute is_mounted
		stuck_dies INT
		kill "$inside"
		within 5 group_is_gone "$inside"
		signal_ends 5
		ctl freeze 0
	done
}

@test "a mount whose process was killed is replaced at the next start" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stat "$M" >/dev/null
		test -d "$M"
		ctl freeze 1000
		background cat "$M/status.json"
		eventually is_stuck "$STUCK"
		die
		within 5 group_is_gone "$STUCK"
		ctl freeze 0
		is_mounted
		remounted
		[ "$(grep -c " $M " /proc/self/mountinfo)" -eq 1 ]
		[ "$(cat "$M/status/state")" = IDLE ]
		grep -q 'replacing a mount' "$OUT"
		umount "$M"
		signal_ends 5
	done
}

@test "offline_ok mounts while the printer is away, and it works when it comes" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		unmounted
		printer_dies
		model "$DIR/model.gcode" 50000
		mounted || :
		refute is_mounted
		run -2 wait "$FS_PID"
		FS_PID=
		mounted offline_ok
		assert_fails_with 'Host is down' cat "$M/status.json"
		[ "$(cat "$M/status/online")" = 0 ]
		ls -l "$M" >/dev/null
		assert_fails_with 'Host is down' ls "$S"
		df "$M" >/dev/null
		[ -z "$(ls "$M/unsent")" ]
		printer_again
		within 20 ls "$S"
		[ "$(cat "$M/status/online")" = 1 ]
		cp "$DIR/model.gcode" "$S/"
		within 5 cmp "$DIR/model.gcode" "$DISK/model.gcode"
		cat "$M"/*.json >/dev/null 2>&1 || :
		unmounted
	done
}
