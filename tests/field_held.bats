#!/usr/bin/env bats
# Files that the printer or an upload holds: renames, what is moved out of
# unsent/, and models whose finished print is still on the screen.
# shellcheck disable=SC2034,SC2154 # helper.bash sets and uses these
load helper
load failures

# Move a file as programs do, and tell how.
by_mv() { mv "$1" "$2/"; }
by_gio() { gio move "$1" "$2/"; }
by_shutil() {
	python3 -c 'import shutil, sys; shutil.move(*sys.argv[1:])' "$1" "$2/"
}
by_rsync() { rsync --remove-source-files "$1" "$2/"; }

@test "rename(2) out of unsent is EXDEV, and sends nothing" {
	local kind folder
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		refused "$DIR/model.gcode" "$S/model.gcode"
		forget_requests
		for folder in "$S" "$M/print"; do
			run "$TOOLS/rename" "$M/unsent/model.gcode" \
			    "$folder/model.gcode"
			[ "$output" = EXDEV ]
		done
		assert_requests 0 PUT
		unsent_has model.gcode
	done
}

@test "programs move a file out of unsent, once and with status 0" {
	local kind tool
	for kind in $(both); do
		fresh "$kind"
		for tool in mv gio shutil rsync; do
			echo "# tool: $tool"
			model "$DIR/$tool.gcode"
			refused "$DIR/$tool.gcode" "$S/$tool.gcode"
			forget_requests
			"by_$tool" "$M/unsent/$tool.gcode" "$S"
			assert_one_put
			assert_requests 0 DELETE
			unsent_is_empty
			refute test -e "$M/unsent/$tool.gcode"
			cmp "$DIR/$tool.gcode" "$DISK/$tool.gcode"
		done
	done
}

@test "a file moved out of unsent to print/ is printed, with status 0" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		echo '; estimated printing time (normal mode) = 10m 0s' \
		    >>"$DIR/model.gcode"
		refused "$DIR/model.gcode" "$S/model.gcode"
		forget_requests
		mv "$M/unsent/model.gcode" "$M/print/"
		assert_one_put
		unsent_is_empty
		eventually status_is PRINTING
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
	done
}

status_is() {
	[ "$(cat "$M/status/state")" = "$1" ]
}

@test "what a success took away from unsent is there to nobody else" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		refused "$DIR/model.gcode" "$S/model.gcode"
		cat "$M/unsent/model.gcode" >/dev/null
		cp "$DIR/model.gcode" "$S/model.gcode"
		refute test -e "$M/unsent/model.gcode"
		refute rm "$M/unsent/model.gcode"
		# Who copied it removes it once; and no newer one.
		refused "$DIR/model.gcode" "$S/model.gcode"
		python3 - "$M/unsent/model.gcode" "$S/model.gcode" \
		    "$M/unsent" <<-'END'
		import os, shutil, sys
		shutil.copyfile(sys.argv[1], sys.argv[2])
		assert os.listdir(sys.argv[3]) == []
		os.unlink(sys.argv[1])
		try:
		    os.unlink(sys.argv[1])
		except FileNotFoundError:
		    sys.exit(0)
		sys.exit("removed twice")
		END
		unsent_is_empty
	done
}

@test "what is moved out of unsent and refused stays there" {
	local kind folder
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/model.gcode"
		for folder in "$S" "$M/print"; do
			refused "$DIR/model.gcode" "$S/model.gcode"
			refuse It is full
			refute mv "$M/unsent/model.gcode" "$folder/"
			unsent_has model.gcode
			cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		done
		printer_has ''
	done
}

# --- a farm of two; the helpers end it with the others ---

# farm_of NAME…: $M/NAME with its storage, its disk and its requests.
farm_of() {
	local name
	mkdir "$DIR/farm"
	(umask 077 && echo "$PASSWORD" >"$DIR/farm/password")
	for name; do
		mkdir "$DIR/farm/$name"
		"$SIMPRINTER" --personality buddy --port 0 --preview off \
		    --storage "$DIR/farm/$name" --password "$PASSWORD" \
		    --control "$DIR/farm/$name.fifo" \
		    --log "$DIR/farm/$name.log" \
		    >"$DIR/farm/$name.ready" 2>"$DIR/$name.err" 3>&- &
		FARM_PIDS+=($!)
		eventually grep -q READY "$DIR/farm/$name.ready"
		printf '[%s]\nurl = %s\npassword_file = password\n' "$name" \
		    "$(sed -n 's/^READY //p' "$DIR/farm/$name.ready")" \
		    >>"$DIR/farm/printers.conf"
	done
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache,ttl=1" \
	    "$DIR/farm/printers.conf" "$M" >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually mounted_or_dead
	is_mounted
}

@test "mv out of unsent of one printer delays no rename at another" {
	local mover pid FARM_PIDS=()
	farm_of one two
	model "$DIR/u.gcode" 300000
	"$SIMCTL" "$DIR/farm/one.fifo" fail PUT /api/ 507 1 It is full
	refute cp "$DIR/u.gcode" "$M/one/usb/u.gcode"
	test -e "$M/one/unsent/u.gcode"
	model "$DIR/v.gcode" 2000
	mkdir "$M/two/usb/parts"
	cp "$DIR/v.gcode" "$M/two/usb/v.gcode"
	"$SIMCTL" "$DIR/farm/one.fifo" rate 20000
	mv "$M/one/unsent/u.gcode" "$M/one/usb/" 3>&- &
	mover=$!
	eventually sends_of one
	mv "$M/two/usb/v.gcode" "$M/two/usb/w.gcode"
	mv "$M/two/usb/w.gcode" "$M/two/usb/parts/w.gcode"
	"$TOOLS/rename" "$M/two/usb/parts/w.gcode" "$M/two/usb/x.gcode" || :
	cmp "$DIR/v.gcode" "$M/two/usb/parts/w.gcode"
	kill -0 "$mover"
	"$SIMCTL" "$DIR/farm/one.fifo" rate 0
	wait "$mover"
	[ -z "$(ls -A "$M/one/unsent")" ]
	cmp "$DIR/u.gcode" "$DIR/farm/one/u.gcode"
	unmounted
	for pid in "${FARM_PIDS[@]}"; do
		kill "$pid"
		wait "$pid"
	done
}

sends_of() {
	jq -es '[.[].uploads[] | select(.state == "sending")] |
	    length > 0' "$M/$1/uploads.json"
}
