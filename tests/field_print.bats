#!/usr/bin/env bats
# print/ beside the storage behind it; copies that are broken off; removing
# what is being sent.
# shellcheck disable=SC2030,SC2031 # each test has its own variables
load helper


state_is() {
	[ "$(cat "$M/status/state")" = "$1" ]
}

file_is() {
	[ "$(cat "$M/status/file")" = "$1" ]
}

# A model on the printer that takes long to print, and the same in $DIR.
stored() {
	mkdir -p "$(dirname "$DISK/$1")"
	model "$DISK/$1" "${2:-20000}"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$DISK/$1"
	cp "$DISK/$1" "$DIR/original"
}

prints() {
	eventually state_is PRINTING
	eventually file_is "$1"
}

@test "mv from the storage to print/ starts a model and leaves it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		mv "$S/x.gcode" "$P/print/"
		assert_requests 1 '^POST$'
		assert_requests 0 '^(PUT|DELETE)$'
		cmp "$DIR/original" "$S/x.gcode"
		[ ! -e "$P/print/x.gcode" ]
		[ -z "$(ls "$P/print")" ]
		prints x.gcode
		cmp "$DIR/original" "$DISK/x.gcode"
	done
}

@test "mv of a model that was just read starts it and leaves it" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		exec 8<"$S/x.gcode"
		cat "$S/x.gcode" >"$DIR/read"
		mv "$S/x.gcode" "$P/print/x.gcode"
		cmp "$DIR/original" <(cat <&8)
		exec 8<&-
		cmp "$DIR/original" "$S/x.gcode"
		assert_requests 0 '^(PUT|DELETE)$'
		prints x.gcode
	done
}

@test "mv to print/ is EBUSY while the printer cannot start" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		stored y.gcode
		mv "$S/x.gcode" "$P/print/"
		prints x.gcode
		forget_requests
		assert_fails_with 'busy' mv "$S/y.gcode" "$P/print/"
		assert_requests 1 '^POST$'
		assert_requests 0 '^(PUT|DELETE)$'
		cmp "$DIR/original" "$S/y.gcode"
		file_is x.gcode
	done
}

@test "what is in a folder is started there by mv" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored parts/x.gcode
		mv "$S/parts/x.gcode" "$P/print/"
		prints x.gcode
		assert_requests 0 '^(PUT|DELETE)$'
		cmp "$DIR/original" "$S/parts/x.gcode"
		[ ! -e "$DISK/x.gcode" ]
	done
}

@test "mv to print/ under another spelling starts the same model" {
	fresh buddy
	stored 'A long name.gcode'
	local short
	short=$(ask /api/v1/files/usb | jq -r '.children[0].name')
	mv "$S/A long name.gcode" "$P/print/a LONG name.GCODE"
	prints 'A long name.gcode'
	ctl idle
	echo refresh >"$P/control"
	eventually state_is IDLE
	mv "$S/$short" "$P/print/"
	prints 'A long name.gcode'
	assert_requests 2 '^POST$'
	assert_requests 0 '^(PUT|DELETE)$'
	cmp "$DIR/original" "$S/A long name.gcode"
}

@test "mv to another name in print/ stores and prints that one" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		mv "$S/x.gcode" "$P/print/y.gcode"
		prints y.gcode
		cmp "$DIR/original" "$DISK/y.gcode"
		[ ! -e "$DISK/x.gcode" ]
	done
}

@test "gio move to print/ starts a model and leaves it" {
	command -v gio >/dev/null || skip 'no gio'
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		gio move "$S/x.gcode" "$P/print/"
		prints x.gcode
		assert_requests 0 '^(PUT|DELETE)$'
		cmp "$DIR/original" "$S/x.gcode"
	done
}

@test "a folder, or what nobody can print, does not get into print/" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$DISK/folder"
		echo text >"$DISK/notes.txt"
		refute mv "$S/folder" "$P/print/"
		[ -d "$DISK/folder" ]
		if [ "$kind" = pi ]; then
			assert_fails_with 'Invalid argument' \
			    mv "$S/notes.txt" "$P/print/"
			[ -e "$DISK/notes.txt" ]
		fi
		assert_requests 0 '^(PUT|DELETE)$'
	done
}

# How a file is copied to a directory.
copiers() {
	cat <<-'END'
	cp "$1" "$2/"
	cp -p "$1" "$2/"
	cat "$1" >"$2/${1##*/}"
	rsync -a "$1" "$2/"
	rsync --inplace "$1" "$2/"
	install -m 644 "$1" "$2/"
	dd if="$1" of="$2/${1##*/}" status=none
	gio copy "$1" "$2/"
	python3 -c 'import shutil, sys; shutil.copy2(*sys.argv[1:])' "$1" "$2/"
	END
}

@test "what is copied from the storage to print/ is started, not sent" {
	local kind line count
	for kind in $(both); do
		fresh "$kind"
		count=0
		while read -r line; do
			echo "# $kind: $line"
			count=$((count + 1))
			stored "$count.gcode"
			echo refresh >"$P/control"
			forget_requests
			bash -c "$line" sh "$S/$count.gcode" "$P/print"
			prints "$count.gcode"
			assert_requests 1 '^POST$'
			assert_requests 0 '^(PUT|DELETE)$'
			cmp "$DIR/original" "$S/$count.gcode"
			[ -z "$(ls "$P/print")" ]
			ctl idle
			echo refresh >"$P/control"
		done < <(copiers)
		[ -z "$(ls "$P/unsent")" ]
	done
}

@test "other bytes of the same name and size are sent to print/" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		touch -d 2020-01-01 "$DISK/x.gcode"
		cat "$S/x.gcode" >"$DIR/read"
		sed 's/X4/X5/' "$DIR/read" >"$DIR/x.gcode"
		cp "$DIR/x.gcode" "$P/print/"
		prints x.gcode
		assert_requests 1 '^PUT$'
		cmp "$DIR/x.gcode" "$DISK/x.gcode"
	done
}

# Write a line to a file, say so, and close it when a file FILE.go comes.
slow_writer() {
	python3 -c '
import os, sys, time
with open(sys.argv[1], "w") as out:
    out.write("; another\n")
    out.flush()
    open(sys.argv[2], "w").close()
    while not os.path.exists(sys.argv[2] + ".go"):
        time.sleep(0.02)
' "$1" "$DIR/wrote"
}

@test "what is being made in print/ hides nothing in the storage" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		rm -f "$DIR/wrote" "$DIR/wrote.go"
		exec 8<"$S/x.gcode"
		slow_writer "$P/print/x.gcode" 3>&- 8<&- &
		local writer=$!
		eventually test -e "$DIR/wrote"
		[ "$(ls "$P/print")" = x.gcode ]
		cmp "$DIR/original" "$S/x.gcode"
		cmp "$DIR/original" <(cat <&8)
		[ "$(stat -c %s "$S/x.gcode")" = \
		    "$(stat -c %s "$DIR/original")" ]
		[ "$(stat -c %i "$S/x.gcode")" != \
		    "$(stat -c %i "$P/print/x.gcode")" ]
		# Taking it back takes nothing from the storage.
		rm "$P/print/x.gcode"
		[ -z "$(ls "$P/print")" ]
		touch "$DIR/wrote.go"
		wait "$writer"
		exec 8<&-
		cmp "$DIR/original" "$S/x.gcode"
		assert_requests 0 '^(PUT|DELETE|POST)$'
	done
}

@test "removing from print/ what has just been started removes nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored z.gcode
		cp "$DIR/original" "$P/print/x.gcode"
		rm -f "$P/print/x.gcode"
		[ ! -e "$P/print/x.gcode" ]
		assert_requests 0 '^DELETE$'
		cmp "$DIR/original" "$DISK/x.gcode"
	done
}

@test "an empty file in print/ is an error at close" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		: >"$DIR/x.gcode"
		assert_fails_with 'Invalid argument' cp "$DIR/x.gcode" "$P/print/"
		assert_fails_with 'Invalid argument' \
		    cp "$DIR/x.gcode" "$P/print/y.gcode"
		eventually test -z "$(ls "$P/print")"
		cmp "$DIR/original" "$S/x.gcode"
		assert_requests 0 '^(PUT|DELETE|POST)$'
	done
}

@test "a short name in print/ means the model that has it" {
	fresh buddy
	stored 'A long name.gcode'
	local short
	short=$(ask /api/v1/files/usb | jq -r '.children[0].name')
	model "$DIR/new.gcode" 30000
	echo '; estimated printing time (normal mode) = 10m 0s' \
	    >>"$DIR/new.gcode"
	cp "$DIR/new.gcode" "$P/print/$short"
	prints 'A long name.gcode'
	cmp "$DIR/new.gcode" "$DISK/A long name.gcode"
	[ "$(ls "$S")" = 'A long name.gcode' ]
}

@test "what is in a folder is started there by cp" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored parts/x.gcode
		cp "$S/parts/x.gcode" "$P/print/"
		prints x.gcode
		assert_requests 1 '^POST$'
		assert_requests 0 '^(PUT|DELETE)$'
		[ ! -e "$DISK/x.gcode" ]
	done
}

# break_off FROM TO [PART]: the system calls of a copy that is cancelled after
# half of it, as GIO makes them: both are closed, and nothing else.
break_off() {
	python3 -c '
import os, sys
source = os.open(sys.argv[1], os.O_RDONLY)
target = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
data = os.read(source, os.fstat(source).st_size)
os.write(target, data[:len(data) // 2])
os.close(source)
os.close(target)' "$@"
}

@test "a copy that is broken off is not stored, and close says so" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		model "$DIR/x.gcode" 60000
		model "$DIR/y.gcode" 3000
		assert_fails_with 'Operation canceled' \
		    break_off "$DIR/x.gcode" "$S/x.gcode"
		assert_fails_with 'Operation canceled' \
		    break_off "$DIR/y.gcode" "$S/y.gcode"
		assert_requests 0 '^(PUT|POST|DELETE)$'
		cmp "$DIR/original" "$S/x.gcode"
		[ "$(ls "$S")" = x.gcode ]
		[ -z "$(ls "$P/unsent")" ]
		grep -q 'x.gcode: its copy was broken off after 30000' "$P/log"
		# The whole of it is stored as ever.
		cp "$DIR/x.gcode" "$S/"
		cmp "$DIR/x.gcode" "$DISK/x.gcode"
	done
}

@test "a copy that is broken off is not printed" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		model "$DIR/x.gcode" 60000
		model "$DIR/y.gcode" 60000
		assert_fails_with 'Operation canceled' \
		    break_off "$DIR/x.gcode" "$P/print/x.gcode"
		assert_fails_with 'Operation canceled' \
		    break_off "$DIR/y.gcode" "$P/print/y.gcode"
		# One of the printer's own, whose rest is not read for that.
		assert_fails_with 'Operation canceled' \
		    break_off "$S/x.gcode" "$P/print/x.gcode"
		assert_requests 0 '^(PUT|POST|DELETE)$'
		cmp "$DIR/original" "$S/x.gcode"
		[ -z "$(ls "$P/print")" ]
		[ "$(ls "$P/unsent")" = x.gcode.incomplete ]
		echo refresh >"$P/control"
		state_is IDLE
	done
}

@test "GIO's cancelled copy stores and prints nothing" {
	python3 -c 'from gi.repository import Gio' || skip 'no GIO for Python'
	local kind there
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode" 6000000
		for there in "$S" "$P/print"; do
			run python3 - "$DIR/x.gcode" "$there/x.gcode" <<-'END'
			import sys
			from gi.repository import Gio
			stop = Gio.Cancellable()
			def moved(done, whole):
			    if done > whole // 3:
			        stop.cancel()
			Gio.File.new_for_path(sys.argv[1]).copy(
			    Gio.File.new_for_path(sys.argv[2]),
			    Gio.FileCopyFlags.NONE, stop, moved)
			END
			[ "$status" -ne 0 ]
		done
		assert_requests 0 '^(PUT|POST)$'
		[ -z "$(ls "$S")$(ls "$P/print")$(ls "$P/unsent")" ]
	done
}

@test "Python's copy that fails at half stores nothing" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode" 60000
		run python3 - "$DIR/x.gcode" "$S/x.gcode" <<-'END'
		import sys
		with open(sys.argv[1], "rb") as a, open(sys.argv[2], "wb") as b:
		    b.write(a.read(20000))
		    raise OSError("the medium is out")
		END
		[ "$status" -ne 0 ]
		assert_requests 0 '^(PUT|POST)$'
		[ -z "$(ls "$S")$(ls "$P/unsent")" ]
	done
}

@test "who writes less on purpose is stored" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode" 60000
		cd "$DIR"
		head -c 3000 x.gcode >"$S/x.gcode"
		cmp -n 3000 x.gcode "$DISK/x.gcode"
		sed -n 1,4p <x.gcode >"$S/x.gcode"
		cmp <(head -n 4 x.gcode) "$DISK/x.gcode"
		dd if=x.gcode of="$S/x.gcode" bs=700 count=1 status=none
		cmp <(head -c 700 x.gcode) "$DISK/x.gcode"
		# A filter with its source at 0, and one that changes it.
		python3 -c 'import sys; open(sys.argv[1], "w").write(
		    sys.stdin.read(900))' "$S/x.gcode" <x.gcode
		cmp <(head -c 900 x.gcode) "$DISK/x.gcode"
		python3 - x.gcode "$S/x.gcode" <<-'END'
		import sys
		with open(sys.argv[1]) as a, open(sys.argv[2], "w") as b:
		    b.write("; mine\n" + a.read(500))
		END
		[ "$(stat -c %s "$DISK/x.gcode")" -eq 507 ]
		cd /
		assert_requests 5 '^PUT$'
		[ -z "$(ls "$P/unsent")" ]
	done
}

@test "a source that grows or shrinks while it is copied is stored" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode" 3000
		python3 - "$DIR/x.gcode" "$S/x.gcode" <<-'END'
		import os, sys
		with open(sys.argv[1], "rb") as a, open(sys.argv[2], "wb") as b:
		    b.write(a.read())
		    with open(sys.argv[1], "ab") as more:
		        more.write(b"; more\n")
		END
		[ "$(stat -c %s "$DISK/x.gcode")" -eq 3000 ]
		python3 - "$DIR/x.gcode" "$S/x.gcode" <<-'END'
		import os, sys
		with open(sys.argv[1], "rb") as a, open(sys.argv[2], "wb") as b:
		    os.truncate(sys.argv[1], 1000)
		    b.write(a.read())
		END
		[ "$(stat -c %s "$DISK/x.gcode")" -eq 1000 ]
	done
}

@test "a size that was set and not written is not stored" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		assert_fails_with 'Operation canceled' python3 -c '
import os, sys
target = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
os.ftruncate(target, 5000)
os.write(target, b"; the beginning\n")
os.close(target)' "$S/x.gcode"
		assert_requests 0 '^PUT$'
		cmp "$DIR/original" "$S/x.gcode"
		[ "$(ls "$P/unsent")" = x.gcode.incomplete ]
		[ "$(stat -c %s "$P/unsent/x.gcode.incomplete")" -eq 5000 ]
		# Who ends a file with a hole sets its size at last.
		cp "$DIR/original" "$DIR/y.gcode"
		truncate -s 200000 "$DIR/y.gcode"
		cp --sparse=always "$DIR/y.gcode" "$S/"
		cmp "$DIR/y.gcode" "$DISK/y.gcode"
	done
}

has_begun() {
	jq -e '.uploads[-1] | .state == "sending" and .bytes > 0' \
	    "$P/uploads.json"
}

# Copy in the background; its status and words are in $DIR/cp.
copying() {
	(
		trap - ERR
		set +e
		cp "$1" "$2" 2>"$DIR/cp.err"
		echo "$?" >"$DIR/cp.status"
	) 3>&- &
	WRITER=$!
}

called_off() {
	wait "$WRITER"
	[ "$(cat "$DIR/cp.status")" -ne 0 ]
	grep -q 'Operation canceled' "$DIR/cp.err"
}

@test "rm of a file that is being sent calls its upload off" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		stored x.gcode
		model "$DIR/x.gcode" 3000000
		ctl rate 200000
		copying "$DIR/x.gcode" "$S/x.gcode"
		eventually has_begun
		rm "$S/x.gcode"
		called_off
		ctl rate 0
		assert_requests 0 '^DELETE$' "/$STORAGE/x"
		# The former one is there, and a second rm removes it.
		cmp "$DIR/original" "$S/x.gcode"
		[ -z "$(ls "$P/unsent")" ]
		grep -q 'x.gcode was not stored: it was called off' "$P/log"
		rm "$S/x.gcode"
		[ -z "$(ls "$S")" ]
		# The printer takes the next one.
		cp "$DIR/original" "$S/next.gcode"
		cmp "$DIR/original" "$DISK/next.gcode"
	done
}

@test "rm of a file that waits for its turn calls its upload off" {
	local kind first
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/first.gcode" 3000000
		model "$DIR/x.gcode" 5000
		ctl rate 200000
		copying "$DIR/first.gcode" "$S/"
		first=$WRITER
		eventually has_begun
		copying "$DIR/x.gcode" "$S/"
		eventually jq -e '.uploads[-1] | .path | test("x.gcode")' \
		    "$P/uploads.json"
		rm "$S/x.gcode"
		called_off
		ctl rate 0
		wait "$first"
		[ "$(ls "$S")" = first.gcode ]
		assert_requests 0 '^DELETE$'
		assert_requests 1 '^PUT$'
	done
}

@test "stop-transfer calls off what this mount sends" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode" 3000000
		ctl rate 200000
		copying "$DIR/x.gcode" "$P/print/x.gcode"
		eventually has_begun
		echo stop-transfer >"$P/control"
		called_off
		ctl rate 0
		[ -z "$(ls "$S")$(ls "$P/print")$(ls "$P/unsent")" ]
		assert_requests 0 '^(DELETE|POST)$' "/$STORAGE/x"
		cp "$DIR/x.gcode" "$S/"
		cmp "$DIR/x.gcode" "$DISK/x.gcode"
	done
}

@test "a writer whose file was called off is told at its next write" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		ctl rate 100000
		python3 - "$S/x.gcode" >"$DIR/told" 2>&1 3>&- <<-'END' &
		import os, sys, threading
		target = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o644)
		os.write(target, b"; model\n" * 100000)
		closer = os.dup(target)
		def close():
		    try:
		        os.close(closer)
		    except OSError as error:
		        print("close:", error.strerror)
		thread = threading.Thread(target=close)
		thread.start()
		thread.join()
		try:
		    os.write(target, b"; more\n")
		except OSError as error:
		    print("write:", error.strerror)
		try:
		    os.close(target)
		except OSError as error:
		    print("again:", error.strerror)
		END
		WRITER=$!
		eventually has_begun
		rm "$S/x.gcode"
		wait "$WRITER"
		ctl rate 0
		grep -q 'close: Operation canceled' "$DIR/told"
		grep -q 'write: Operation canceled' "$DIR/told"
		grep -q 'again: Operation canceled' "$DIR/told"
		[ -z "$(ls "$S")$(ls "$P/unsent")" ]
	done
}

@test "renaming a file that is being sent is EBUSY" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/x.gcode" 1000000
		ctl rate 200000
		copying "$DIR/x.gcode" "$S/"
		eventually has_begun
		assert_fails_with 'busy' mv "$S/x.gcode" "$S/y.gcode"
		ctl rate 0
		wait "$WRITER"
		cmp "$DIR/x.gcode" "$DISK/x.gcode"
		[ "$(ls "$S")" = x.gcode ]
	done
}
