#!/usr/bin/env bats
# Bringing models in: one PUT for every tool, and the printer's verdict.
load helper

# Each tool brings $1 in as $2.
tool_cp() { cp "$1" "$2"; }
tool_cp_p() { cp -p "$1" "$2"; }
tool_cp_a() { cp -a "$1" "$2"; }
tool_rsync() { rsync "$1" "$2"; }
tool_rsync_a() { rsync -a "$1" "$2"; }
tool_rsync_inplace() { rsync --inplace "$1" "$2"; }
tool_gio_copy() { gio copy "$1" "$2"; }
tool_gio_save() { gio save "$2" <"$1"; }
tool_tar() {
	tar -C "$(dirname "$1")" -c "$(basename "$1")" \
	    --transform "s|.*|$(basename "$2")|" >"$DIR/model.tar"
	tar -C "$(dirname "$2")" -x -f "$DIR/model.tar"
}
tool_dd() { dd if="$1" of="$2" bs=64k; }
tool_dd_fsync() { dd if="$1" of="$2" bs=64k conv=fsync; }
tool_install() { install -m 644 "$1" "$2"; }
tool_shutil() {
	python3 -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' "$1" "$2"
}
tool_shutil_copy2() {
	python3 -c 'import shutil, sys; shutil.copy2(*sys.argv[1:])' "$1" "$2"
}
tool_cat() { bash -c 'cat "$1" >"$2"' bash "$1" "$2"; }
tool_dash_cat() { dash -c 'cat "$1" >"$2"' dash "$1" "$2"; }
tool_tee() { bash -c 'set -o pipefail; tee "$2" <"$1" >/dev/null' bash "$1" "$2"; }
tool_mv() {
	cp "$1" "$1.moved"
	mv "$1.moved" "$2"
}
tool_slicer() { "$TOOLS/slicer" "$1" "$2"; }
tool_part() {
	# As KDE's file copier and browsers do.
	cp "$1" "$2.part" && mv "$2.part" "$2"
}

tools='cp cp_p cp_a rsync rsync_a rsync_inplace gio_copy gio_save tar dd
	dd_fsync install shutil shutil_copy2 cat dash_cat tee mv slicer part'

# On a Raspberry Pi a new file shows up a moment after the answer.
arrived() {
	within 5 cmp "$1" "$DISK/$2"
}

no_leftovers() {
	local left
	left=$(find "$DISK" -type f ! -name "$1" ! -name '.*')
	[ -z "$left" ] || {
		echo "# left on the printer: $left" >&2
		return 1
	}
}

matrix() {
	local tool
	fresh "$1"
	model "$DIR/model.gcode" 300000
	for tool in $tools; do
		echo "# tool: $tool"
		forget_requests
		"tool_$tool" "$DIR/model.gcode" "$S/$tool.gcode"
		arrived "$DIR/model.gcode" "$tool.gcode"
		assert_one_put
		cmp "$DIR/model.gcode" "$S/$tool.gcode"
		[ "$(stat -c %s "$S/$tool.gcode")" -eq 300000 ]
		rm "$S/$tool.gcode"
		no_leftovers nothing
	done
}

@test "every tool brings a model in with one PUT on a Buddy" {
	matrix buddy
}

@test "every tool brings a model in with one PUT on a Raspberry Pi" {
	matrix pi
}

over_matrix() {
	local tool
	fresh "$1"
	for tool in $tools; do
		echo "# tool: $tool"
		model "$DIR/old.gcode" 50000
		model "$DIR/new.gcode" 70000
		cp "$DIR/old.gcode" "$S/model.gcode"
		forget_requests
		"tool_$tool" "$DIR/new.gcode" "$S/model.gcode"
		arrived "$DIR/new.gcode" model.gcode
		assert_one_put
		# These remove what is in their way.
		case $tool in
		tar | install | mv) ;;
		*) assert_requests 0 '^DELETE$' ;;
		esac
		cmp "$DIR/new.gcode" "$S/model.gcode"
		[ "$(ls "$S")" = model.gcode ]
		no_leftovers model.gcode
	done
}

@test "every tool replaces a model with one PUT on a Buddy" {
	over_matrix buddy
}

@test "every tool replaces a model with one PUT on a Raspberry Pi" {
	over_matrix pi
}

refusals() {
	local tool case
	fresh "$1"
	# dash opens the file itself, gives it to cat, and hears the verdict
	# when it closes it; like every shell it does not look.
	tools=${tools/dash_cat/}
	model "$DIR/model.gcode" 50000
	for case in '409 Device or resource busy' '415 Invalid argument' \
	    '507 No space left on device'; do
		for tool in $tools; do
			echo "# tool: $tool, case: $case"
			# mv tries once more without flags after EINVAL.
			[ "$tool$case" != 'part415 Invalid argument' ] ||
			    continue
			ctl fail PUT /api/v1/files "${case%% *}" 1 File is busy
			forget_requests
			assert_fails_with "${case#* }" "tool_$tool" \
			    "$DIR/model.gcode" "$S/$tool.gcode"
			assert_requests 1 '^PUT$'
			refute test -e "$S/$tool.gcode"
			# What it left (rsync and others tidy up themselves).
			rm -f "$S/$tool.gcode.tmp" "$S/$tool.gcode.part"
			[ -z "$(ls -A "$S")" ]
		done
	done
	grep -qi 'busy' "$M/log"
}

@test "every tool hears the refusals of a Buddy" {
	refusals buddy
}

@test "every tool hears the refusals of a Raspberry Pi" {
	refusals pi
}

@test "a refused replacement leaves the former file" {
	local kind tool
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/old.gcode" 30000
		model "$DIR/new.gcode" 40000
		for tool in cp rsync gio_copy slicer dd; do
			cp "$DIR/old.gcode" "$S/model.gcode"
			ctl fail PUT /api/v1/files 507 1
			refute "tool_$tool" "$DIR/new.gcode" "$S/model.gcode"
			rm -f "$S/model.gcode.tmp"
			echo "# tool: $tool"
			within 10 cmp "$DIR/old.gcode" "$S/model.gcode"
			cmp "$DIR/old.gcode" "$DISK/model.gcode"
		done
	done
}

@test "a shell group that writes in pieces is one PUT" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		{
			echo ';a'
			cat "$DIR/model.gcode"
		} >"$S/x.gcode"
		assert_one_put
		(
			echo ';a'
			/bin/echo ';b'
			cat "$DIR/model.gcode"
			cat "$DIR/model.gcode"
		) >"$S/y.gcode"
		assert_requests 2 '^PUT$'
		{ echo ';a' && cat "$DIR/model.gcode"; } >"$DIR/want"
		cmp "$DIR/want" "$S/x.gcode"
		arrived "$DIR/want" x.gcode
	done
}

@test "a writer that exits without close still gets its file uploaded" {
	local kind status
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		for status in 0 3; do
			forget_requests
			"$TOOLS/noclose" "$DIR/model.gcode" \
			    "$S/left-$status.gcode" "$status" || :
			eventually cmp "$DIR/model.gcode" \
			    "$DISK/left-$status.gcode"
			assert_one_put
		done
	done
}

is_longer_than() {
	[ "$(stat -c %s "$2")" -gt "$1" ]
}

@test "a writer that is killed in the middle uploads nothing" {
	local kind signal victim
	for kind in $(both); do
		fresh "$kind"
		for signal in KILL TERM INT HUP; do
			python3 - "$S/victim.gcode" 3>&- <<-'END' &
			import os, signal, sys
			signal.signal(signal.SIGINT, signal.SIG_DFL)
			out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
			os.write(out, b"G28\n" * 1000)
			signal.pause()
			END
			victim=$!
			eventually is_longer_than 0 "$S/victim.gcode"
			kill "-$signal" "$victim"
			within 5 is_gone "$victim"
			eventually refute test -e "$S/victim.gcode"
		done
		assert_requests 0 '^PUT$'
		[ -z "$(ls "$DISK")" ]
	done
}

@test "a writer that is killed while it waits in close leaves at once" {
	local kind signal writer
	for kind in $(both); do
		fresh "$kind"
		# More than the kernel's socket buffers take.
		model "$DIR/model.gcode" 40000000
		for signal in TERM KILL; do
			forget_requests
			ctl rate 2000000
			cp "$DIR/model.gcode" "$S/slow.gcode" 3>&- &
			writer=$!
			eventually jq -e '.transferred > 0' "$M/transfer.json"
			kill "-$signal" "$writer"
			within 2 is_gone "$writer"
			eventually refute test -e "$S/slow.gcode"
			eventually refute jq -e . "$M/transfer.json"
			ctl rate 0
			refute test -e "$DISK/slow.gcode"
			# The next one is not disturbed.
			eventually has_requests 1 '^PUT$'
			forget_requests
			cp "$DIR/model.gcode" "$S/next-$signal.gcode"
			arrived "$DIR/model.gcode" "next-$signal.gcode"
			assert_one_put
		done
	done
}

@test "signals that do not kill disturb no upload" {
	fresh buddy
	model "$DIR/model.gcode" 400000
	ctl rate 200000
	python3 - "$DIR/model.gcode" "$S/alarm.gcode" <<-'END'
	import os, signal, sys
	signal.signal(signal.SIGALRM, lambda *_: None)
	signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
	out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
	data = open(sys.argv[1], "rb").read()
	while data:
	    data = data[os.write(out, data):]
	os.close(out)
	signal.setitimer(signal.ITIMER_REAL, 0)
	END
	cmp "$DIR/model.gcode" "$DISK/alarm.gcode"
	assert_one_put
}

@test "editors change a file on the printer with one PUT" {
	local kind vim
	vim=$(command -v vim || command -v vim.tiny) || skip 'no vim here'
	for kind in $(both); do
		fresh "$kind"
		printf 'G28\nG1 X1\n' >"$DIR/a.gcode"
		cp "$DIR/a.gcode" "$S/a.gcode"
		forget_requests
		sed -i s/G28/G29/ "$S/a.gcode"
		assert_requests 1 '^PUT$'
		[ "$(head -n 1 "$S/a.gcode")" = G29 ]
		forget_requests
		"$vim" -es -u NONE -c '%s/G29/G30/' -c wq "$S/a.gcode"
		assert_requests 1 '^PUT$'
		[ "$(head -n 1 "$S/a.gcode")" = G30 ]
		printf 'G30\nG1 X1\n' >"$DIR/want"
		arrived "$DIR/want" a.gcode
		[ "$(ls -A "$S")" = a.gcode ]
	done
}

@test "append and a change in the middle keep the rest" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 20000
		cp "$DIR/a.gcode" "$S/a.gcode"
		echo refresh >"$M/control"
		forget_requests
		echo 'M84' >>"$S/a.gcode"
		assert_requests 1 '^PUT$'
		echo 'M84' >>"$DIR/a.gcode"
		cmp "$DIR/a.gcode" "$S/a.gcode"
		arrived "$DIR/a.gcode" a.gcode
		printf 'CHANGE' | dd of="$S/a.gcode" bs=1 seek=500 conv=notrunc
		printf 'CHANGE' | dd of="$DIR/a.gcode" bs=1 seek=500 conv=notrunc
		arrived "$DIR/a.gcode" a.gcode
		truncate -s 7000 "$S/a.gcode"
		truncate -s 7000 "$DIR/a.gcode"
		arrived "$DIR/a.gcode" a.gcode
		cmp "$DIR/a.gcode" "$S/a.gcode"
	done
}

@test "a truncation to the size that a file has changes nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode" 20000
		cp "$DIR/a.gcode" "$S/a.gcode"
		forget_requests
		truncate -s 20000 "$S/a.gcode"
		assert_requests 0 '^PUT$'
		ctl copy a.gcode 500
		echo refresh >"$M/control"
		[ "$(stat -c %s "$S/a.gcode")" -eq 500 ]
		cmp "$DISK/a.gcode" "$S/a.gcode"
	done
}

@test "a handle restores the size that another one has changed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$S/a.gcode" 20000
		python3 - "$S/a.gcode" <<-'END'
		import os, sys
		early = os.open(sys.argv[1], os.O_RDWR)
		os.truncate(sys.argv[1], 1000)
		os.ftruncate(early, 20000)
		os.close(early)
		END
		[ "$(stat -c %s "$S/a.gcode")" -eq 20000 ]
		arrived "$S/a.gcode" a.gcode
		[ "$(tail -c +1001 "$S/a.gcode" | tr -d '\0' | wc -c)" -eq 0 ]
	done
}

@test "a removed file that is open can be cut" {
	fresh buddy
	model "$S/a.gcode" 20000
	python3 - "$S/a.gcode" <<-'END'
	import os, sys
	file = os.open(sys.argv[1], os.O_RDWR)
	os.write(file, b"G28")
	os.unlink(sys.argv[1])
	os.ftruncate(file, 7000)
	assert os.fstat(file).st_size == 7000, os.fstat(file).st_size
	assert len(os.pread(file, 30000, 0)) == 7000
	END
}

@test "a handle that writes late keeps what another one has stored" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$S/a.gcode" 20000
		python3 - "$S/a.gcode" <<-'END'
		import os, sys, time
		early = os.open(sys.argv[1], os.O_RDWR)
		stamp = int(os.stat(sys.argv[1]).st_mtime)
		while int(time.time()) == stamp:  # stamps are whole seconds
		    time.sleep(0.05)
		other = os.open(sys.argv[1], os.O_RDWR)
		os.pwrite(other, b"BBBB", 0)
		os.close(other)
		os.pwrite(early, b"AAAA", 100)
		os.close(early)
		END
		[ "$(head -c 4 "$S/a.gcode")" = BBBB ]
		[ "$(tail -c +101 "$S/a.gcode" | head -c 4)" = AAAA ]
	done
}

@test "a handle that writes late follows what this mount does to its file" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$S/a.gcode" 20000
		python3 - "$S" <<-'END'
		import os, sys, time
		os.chdir(sys.argv[1])
		early = os.open("a.gcode", os.O_WRONLY | os.O_APPEND)
		stamp = int(os.stat("a.gcode").st_mtime)
		while int(time.time()) <= stamp + 1:  # stamps are whole seconds
		    time.sleep(0.05)
		os.truncate("a.gcode", 1000)
		assert os.stat("a.gcode").st_size == 1000
		os.write(early, b"LATE")
		os.close(early)
		assert os.stat("a.gcode").st_size == 1004
		early = os.open("a.gcode", os.O_WRONLY | os.O_APPEND)
		while int(time.time()) <= stamp + 3:
		    time.sleep(0.05)
		os.rename("a.gcode", "b.gcode")
		assert os.stat("b.gcode").st_size == 1004
		os.write(early, b"LATER")
		os.close(early)
		END
		[ "$(tail -c 9 "$S/b.gcode")" = LATELATER ]
		arrived "$S/b.gcode" b.gcode
	done
}

@test "a write to a file that others have replaced fails" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk a.gcode 20000
		touch -d '1 hour ago' "$DISK/a.gcode"
		mounted
		exec 7>>"$S/a.gcode"
		ctl copy a.gcode 500
		echo refresh >"$M/control"
		[ "$(stat -c %s "$S/a.gcode")" -eq 500 ]
		refute printf LATE >&7
		exec 7>&-
		[ "$(stat -c %s "$S/a.gcode")" -eq 500 ]
		cmp "$DISK/a.gcode" "$S/a.gcode"
	done
}

@test "many uploads at once take turns and all succeed" {
	local kind i
	for kind in $(both); do
		fresh "$kind"
		local pids=()
		for i in $(seq 8); do
			model "$DIR/$i.gcode" $((100000 + i))
			cp "$DIR/$i.gcode" "$S/" 3>&- &
			pids+=($!)
		done
		for i in "${pids[@]}"; do
			wait "$i"
		done
		assert_requests 8 '^PUT$'
		for i in $(seq 8); do
			arrived "$DIR/$i.gcode" "$i.gcode"
		done
	done
}

@test "somebody else's transfer is waited for" {
	local kind writer
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		ctl transfer-elsewhere on
		cp "$DIR/model.gcode" "$S/" 3>&- &
		writer=$!
		eventually has_requests 1 '^PUT$'
		refute is_gone "$writer"
		ctl transfer-elsewhere off
		wait "$writer"
		arrived "$DIR/model.gcode" model.gcode
	done
}

@test "an upload that the connection loses fails, and leaves no file" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 400000
		ctl cut-upload-after 100000 1
		refute cp "$DIR/model.gcode" "$S/"
		eventually refute test -e "$S/model.gcode"
		refute test -e "$DISK/model.gcode"
	done
}

@test "an upload whose answer is lost is found on the printer, not repeated" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		ctl lose-response PUT 1
		cp "$DIR/model.gcode" "$S/"
		arrived "$DIR/model.gcode" model.gcode
		assert_requests 1 '^PUT$'
	done
}

@test "a file written anew has a time of its own" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		echo G28 >"$S/a.gcode"
		touch -d 2001-02-03 "$S/a.gcode"
		echo G1 >>"$S/a.gcode"
		[ "$(date -r "$S/a.gcode" +%Y)" -gt 2001 ]
	done
}

@test "a file too big for a Buddy is EFBIG while it is written" {
	fresh buddy
	model "$DIR/model.gcode"
	assert_fails_with 'File too large' truncate -s 5G "$S/a.gcode"
	assert_fails_with 'File too large' dd if="$DIR/model.gcode" \
	    of="$S/b.gcode" bs=10000 seek=429497 conv=notrunc
	[[ $output == *'error writing'* ]]
	assert_requests 0 '^PUT$'
	[ "$(ls "$S" "$M/unsent" | grep -c gcode)" -eq 0 ]
	cp "$DIR/model.gcode" "$S/"
	assert_fails_with 'File too large' truncate -s 5G "$S/model.gcode"
	assert_fails_with 'File too large' python3 -c \
	    'import os, sys; os.truncate(sys.argv[1], 5 << 30)' "$S/model.gcode"
	cmp "$DIR/model.gcode" "$S/model.gcode"
	cp "$DIR/model.gcode" "$S/model.gcode"
}

# The cache directory on a disk of 1 MB.
small_disk() {
	need_root
	printer "$1"
	mkdir "$DIR/cache"
	mount -t tmpfs -o size=1m,mode=700 tmpfs "$DIR/cache"
	SMALL_DISK=$DIR/cache
	mounted
}

eval "$(declare -f teardown | sed '1s/teardown/common_teardown/')"
teardown() {
	local rc=0
	if [ -n "${SMALL_DISK-}" ]; then
		unmounted || rc=1
		umount "$SMALL_DISK" || rc=1
	fi
	common_teardown || rc=1
	return $rc
}

@test "without room for its bytes a copy is ENOSPC and leaves no file" {
	local kind
	for kind in $(both); do
		small_disk "$kind"
		model "$DIR/small.gcode" 100000
		model "$DIR/big.gcode" 2000000
		assert_fails_with 'No space left' \
		    cp "$DIR/big.gcode" "$S/a.gcode"
		assert_fails_with 'No space left' \
		    bash -c 'cat "$1" >"$2"' bash "$DIR/big.gcode" "$S/b.gcode"
		# Now there is no room for the first byte.
		dd if=/dev/zero of="$DIR/cache/full" bs=4096 || :
		assert_fails_with 'No space left' \
		    cp "$DIR/small.gcode" "$S/c.gcode"
		rm "$DIR/cache/full"
		[ "$(ls "$S" "$M/unsent" | grep -c gcode)" -eq 0 ]
		assert_requests 0 '^PUT$'
		cp "$DIR/small.gcode" "$S/c.gcode"
		cmp "$DIR/small.gcode" "$S/c.gcode"
		unmounted
		umount "$SMALL_DISK"
		SMALL_DISK=
	done
}

@test "a full printer is ENOSPC" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		ctl full
		if [ "$kind" = buddy ]; then
			assert_fails_with 'No space left' \
			    cp "$DIR/model.gcode" "$S/"
		else
			refute cp "$DIR/model.gcode" "$S/"
		fi
		refute test -e "$S/model.gcode"
	done
}

@test "a stick that fails while it is written to fails the copy" {
	fresh buddy
	model "$DIR/model.gcode" 200000
	ctl writes fail
	assert_fails_with 'No space left' cp "$DIR/model.gcode" "$S/"
	ctl writes work
	refute test -e "$S/model.gcode"
	cp "$DIR/model.gcode" "$S/"
}

@test "a file that the printer shows is EBUSY to replace or remove" {
	printer buddy --preview hold
	mounted
	model "$DIR/model.gcode"
	cp "$DIR/model.gcode" "$S/"
	forget_requests
	assert_fails_with 'busy' cp "$DIR/model.gcode" "$S/"
	assert_requests_at_most 1 '^PUT$'
	assert_fails_with 'busy' rm "$S/model.gcode"
	grep -qi 'screen\|preview' "$M/log"
	ctl dismiss
	rm "$S/model.gcode"
}

@test "an empty file is a placeholder that is never sent" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		touch "$S/empty.gcode"
		: >"$S/other.gcode"
		cp /dev/null "$S/third.gcode"
		[ "$(stat -c %s "$S/empty.gcode")" -eq 0 ]
		[ "$(ls "$S" | wc -l)" -eq 3 ]
		assert_requests 0 '^PUT$'
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/empty.gcode"
		arrived "$DIR/model.gcode" empty.gcode
		assert_one_put
		rm "$S/other.gcode" "$S/third.gcode"
		[ "$(ls "$S")" = empty.gcode ]
	done
}

@test "only who makes a file exclusively is told that one came meanwhile" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		run python3 - "$S/a.gcode" "$SIMCTL" "$DIR/fifo" <<-'END'
		import os, subprocess, sys
		file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL)
		subprocess.run(["touch", sys.argv[1]], check=True)
		os.write(file, b"G28")
		subprocess.run(sys.argv[2:] + ["copy", "a.gcode", "500"], check=True)
		os.close(file)
		END
		[[ $output == *'FileExistsError'* ]]
		[ "$(stat -c %s "$DISK/a.gcode")" -eq 500 ]
		bash -c 'set -C; : >"$1"' bash "$S/b.gcode"
		ctl copy b.gcode 500
		echo refresh >"$M/control"
		[ "$(stat -c %s "$S/b.gcode")" -eq 0 ]
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/b.gcode"
		arrived "$DIR/model.gcode" b.gcode
		bash -c 'set -C; : >"$1"' bash "$S/c.gcode"
		ctl copy c.gcode 500
		truncate -s 700 "$S/c.gcode"
		[ "$(stat -c %s "$DISK/c.gcode")" -eq 700 ]
	done
}

@test "temporary names stay here" {
	local kind name
	for kind in $(both); do
		fresh "$kind"
		for name in .hidden.gcode backup.gcode~ '#auto.gcode#' a.tmp \
		    b.temp c.part d.partial e.crdownload .f.gcode.swp g.swx \
		    model.gcode.AbC12x sedAb1234 4913; do
			echo G28 >"$S/$name"
			[ "$(cat "$S/$name")" = G28 ]
			[ "$(stat -c %s "$S/$name")" -eq 4 ]
			rm "$S/$name"
		done
		assert_requests 0 'PUT|DELETE'
	done
}

@test "an empty temporary file cannot become a model" {
	fresh buddy
	: >"$S/a.tmp"
	assert_fails_with 'Invalid argument' python3 -c \
	    'import os, sys; os.rename(sys.argv[1], sys.argv[2])' \
	    "$S/a.tmp" "$S/a.gcode"
	assert_requests 0 '^PUT$'
}

@test "cp -p and rsync -a keep the time, and rsync skips what is unchanged" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		touch -d '2020-02-03 04:05:06 UTC' "$DIR/model.gcode"
		cp -p "$DIR/model.gcode" "$S/cp.gcode"
		rsync -a "$DIR/model.gcode" "$S/rsync.gcode"
		[ "$(stat -c %Y "$S/cp.gcode")" -eq 1580702706 ]
		[ "$(stat -c %Y "$S/rsync.gcode")" -eq 1580702706 ]
		unmounted
		mounted
		[ "$(stat -c %Y "$S/cp.gcode")" -eq 1580702706 ]
		forget_requests
		rsync -a "$DIR/model.gcode" "$S/rsync.gcode"
		assert_requests 0 '^PUT$'
	done
}

@test "chmod, chown and touch succeed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		cp "$DIR/model.gcode" "$S/"
		forget_requests
		chmod 600 "$S/model.gcode"
		chown "$(id -u):$(id -g)" "$S/model.gcode"
		touch "$S/model.gcode"
		assert_requests 0 '^PUT$'
	done
}

@test "the sizes that a Raspberry Pi cuts short are refused or stored whole" {
	fresh pi
	model "$DIR/odd.gcode" 65366
	if cp "$DIR/odd.gcode" "$S/" 2>"$DIR/said"; then
		arrived "$DIR/odd.gcode" odd.gcode
	else
		refute test -e "$S/odd.gcode"
		grep -qi 'size\|store' "$M/log"
	fi
	model "$DIR/even.gcode" 65365
	cp "$DIR/even.gcode" "$S/"
	arrived "$DIR/even.gcode" even.gcode
}

still_running() {
	local pid count=0
	for pid; do
		is_gone "$pid" || count=$((count + 1))
	done
	echo "$count"
}

@test "a stat of another file does not wait for those that wait in close" {
	local kind i
	for kind in $(both); do
		fresh "$kind"
		on_disk other.gcode
		cat "$S/other.gcode" >/dev/null
		model "$DIR/model.gcode" 100000
		ctl rate 5000
		local pids=()
		for i in $(seq 20); do
			cp "$DIR/model.gcode" "$S/wait-$i.gcode" 3>&- &
			pids+=($!)
		done
		eventually jq -e '.transferred > 0' "$M/transfer.json"
		cat "$S/other.gcode" "$M/status.json" >/dev/null
		stat "$S/other.gcode" >/dev/null
		# An upload takes twenty seconds; they are twenty.
		[ "$(still_running "${pids[@]}")" -ge 15 ]
		ctl rate 0
		wait "${pids[@]}"
	done
}

@test "verify=full reads the upload back" {
	local kind
	for kind in $(both); do
		printer "$kind"
		mounted verify=full
		model "$DIR/model.gcode" 100000
		cp "$DIR/model.gcode" "$S/"
		assert_one_put
		has_requests 1 '^GET$' '^(/usb/|/api/files/)'
	done
}

@test "no temporary file is left in the cache directory" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode" 100000
		cp "$DIR/model.gcode" "$S/"
		echo G28 >"$S/a.tmp"
		unmounted
		[ "$(du -sk "$DIR/cache" | cut -f1)" -lt 300 ]
	done
}
