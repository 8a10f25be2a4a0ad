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

# --- a model whose finished print is on the screen ---

# finished NAME [state]: it is printed through the mount, and that has ended.
finished() {
	model "$DIR/$1"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$DIR/$1"
	cp "$DIR/$1" "$S/$1"
	echo "print $STORAGE/$1" >"$M/control"
	eventually status_is PRINTING
	end_print "${2-FINISHED}"
	forget_requests
}

end_print() {
	if [ "$1" = FINISHED ]; then
		ctl finish
	else
		echo stop >"$M/control"
	fi
	eventually status_is "$1"
}

put_cp() { cp "$1" "$2"; }
put_rsync() { rsync "$1" "$2"; }
put_gio() { gio copy "$1" "$2"; }
put_slicer() { "$TOOLS/slicer" "$1" "$2"; }
put_print() { cp "$1" "$M/print/"; }

# What the printer said to the PUTs and DELETEs.
verdicts() {
	jq -rs '[.[] | select(.status != 401 and
	    (.method == "PUT" or .method == "DELETE")) |
	    "\(.method) \(.status)"] | sort | join(", ")' "$DIR/requests"
}

assert_verdicts() {
	within 5 verdicts_are "$1" || {
		echo "# $(verdicts), wanted $1" >&2
		return 1
	}
}

verdicts_are() {
	[ "$(verdicts)" = "$1" ]
}

@test "a model can be replaced while its finished print is on the screen" {
	local state tool
	for state in FINISHED STOPPED; do
		fresh buddy
		for tool in cp rsync gio slicer print; do
			echo "# $state, $tool"
			finished model.gcode "$state"
			model "$DIR/$tool.gcode" 30000
			mv "$DIR/$tool.gcode" "$DIR/model.gcode"
			"put_$tool" "$DIR/model.gcode" "$S/model.gcode"
			assert_verdicts 'DELETE 204, PUT 201'
			cmp "$DIR/model.gcode" "$DISK/model.gcode"
			cmp "$DIR/model.gcode" "$S/model.gcode"
			unsent_is_empty
			[ "$tool" != print ] || echo stop >"$M/control"
			ctl idle
		done
	done
}

@test "a finished model in a folder with a long name can be replaced" {
	fresh buddy
	mkdir -p "$S/long folder name" "$DIR/long folder name"
	finished 'long folder name/model of mine.gcode'
	model "$DIR/model.gcode" 30000
	cp "$DIR/model.gcode" "$S/long folder name/model of mine.gcode"
	assert_verdicts 'DELETE 204, PUT 201'
	cmp "$DIR/model.gcode" "$DISK/long folder name/model of mine.gcode"
}

@test "a finished model can be replaced whatever its new size" {
	local size
	fresh buddy
	for size in 1 2 4096 4097 8192 8193 1000000; do
		finished model.gcode
		model "$DIR/model.gcode" "$size"
		cp "$DIR/model.gcode" "$S/model.gcode"
		assert_verdicts 'DELETE 204, PUT 201'
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		ctl idle
	done
}

@test "a finished model whose print nobody saw is replaced, too" {
	fresh buddy
	finished model.gcode
	unmounted
	remounted
	model "$DIR/model.gcode" 30000
	cp "$DIR/model.gcode" "$S/model.gcode"
	assert_verdicts 'DELETE 204, PUT 201, PUT 409'
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
	unsent_is_empty
}

@test "a finished model is known by its job, whoever began it" {
	fresh buddy
	model "$DIR/model.gcode"
	echo '; estimated printing time (normal mode) = 10m 0s' \
	    >>"$DIR/model.gcode"
	cp "$DIR/model.gcode" "$S/model.gcode"
	echo print >"$M/control"
	unmounted
	remounted
	eventually grep -q PRINTING "$M/job.json"
	end_print FINISHED
	eventually refute cat "$M/job.json"
	forget_requests
	model "$DIR/model.gcode" 30000
	cp "$DIR/model.gcode" "$S/model.gcode"
	assert_verdicts 'DELETE 204, PUT 201'
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
}

@test "a finished model that cannot be deleted stays as it is" {
	fresh buddy
	finished model.gcode
	ctl fail DELETE /api/ 409 1 File is busy
	model "$DIR/new.gcode" 30000
	assert_fails_with 'Device or resource busy' \
	    cp "$DIR/new.gcode" "$S/model.gcode"
	assert_verdicts 'DELETE 409, PUT 400'
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
	printer_has model.gcode
	cmp "$DIR/new.gcode" "$M/unsent/model.gcode"
	# Nothing of it is in the way of the next one.
	cp "$M/unsent/model.gcode" "$S/model.gcode"
	cmp "$DIR/new.gcode" "$DISK/model.gcode"
	unsent_is_empty
}

@test "nothing is lost when the answers about a finished model are" {
	fresh buddy
	# Of the deletion, and of the upload's end, after the deletion.
	finished model.gcode
	ctl lose-response DELETE 1
	model "$DIR/new.gcode" 30000
	cp "$DIR/new.gcode" "$S/model.gcode"
	cmp "$DIR/new.gcode" "$DISK/model.gcode"
	ctl idle
	finished model.gcode
	ctl cut-upload-after 29000 1
	cp "$DIR/new.gcode" "$S/model.gcode"
	cmp "$DIR/new.gcode" "$DISK/model.gcode"
	assert_requests 1 DELETE
	printer_has model.gcode
}

@test "other models are replaced as ever while a print's end is shown" {
	fresh buddy
	model "$DIR/other.gcode"
	cp "$DIR/other.gcode" "$S/other.gcode"
	finished model.gcode
	model "$DIR/other.gcode" 30000
	cp "$DIR/other.gcode" "$S/other.gcode"
	assert_verdicts 'PUT 201'
	cmp "$DIR/other.gcode" "$DISK/other.gcode"
	cmp "$DIR/model.gcode" "$DISK/model.gcode"
}

# --- rename(2) of a model on the printer ---

name_os() { python3 -c 'import os, sys; os.rename(*sys.argv[1:])' "$1" "$2"; }
name_mv() { mv "$1" "$2"; }
name_gio() { gio rename "$1" "$(basename "$2")"; }
name_noreplace() { "$TOOLS/rename" "$1" "$2" noreplace; }

@test "rename(2) brings the bytes of a model itself" {
	local kind tool
	for kind in $(both); do
		printer "$kind"
		mkdir "$DISK/parts"
		for tool in os mv gio noreplace; do
			on_disk "parts/$tool.gcode" 100000
		done
		mounted
		for tool in os mv gio noreplace; do
			echo "# tool: $tool"
			cp "$DISK/parts/$tool.gcode" "$DIR/want.gcode"
			forget_requests
			"name_$tool" "$S/parts/$tool.gcode" \
			    "$S/parts/$tool new.gcode"
			assert_one_put
			assert_requests 1 DELETE
			cmp "$DIR/want.gcode" "$DISK/parts/$tool new.gcode"
			cmp "$DIR/want.gcode" "$S/parts/$tool new.gcode"
			refute test -e "$DISK/parts/$tool.gcode"
			refute test -e "$S/parts/$tool.gcode"
		done
	done
}

@test "a rename that would take long is EXDEV, at once, and the log says so" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk model.gcode 100000
		on_disk big.gcode 3000000
		mounted
		ctl rate 50000
		cat "$S/model.gcode" >/dev/null
		ctl rate 0
		forget_requests
		run "$TOOLS/rename" "$S/big.gcode" "$S/new.gcode"
		[ "$output" = EXDEV ]
		assert_requests 0 PUT
		assert_requests 0 DELETE
		grep -q 'big.gcode is not renamed' "$M/log"
		mv "$S/big.gcode" "$S/new.gcode"
		printer_has model.gcode new.gcode
	done
}

@test "a rename to a name that is there replaces it, or is EEXIST" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk a.gcode 30000
		on_disk b.gcode 20000
		mounted
		cp "$DISK/a.gcode" "$DIR/a.gcode"
		run "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode" noreplace
		[ "$output" = EEXIST ]
		assert_requests 0 PUT
		"$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
		printer_has b.gcode
		cmp "$DIR/a.gcode" "$DISK/b.gcode"
	done
}

@test "folders, and models for other folders, are EXDEV to rename" {
	local kind
	for kind in $(both); do
		printer "$kind"
		mkdir "$DISK/parts"
		on_disk a.gcode
		mounted
		cat "$S/a.gcode" >/dev/null
		run "$TOOLS/rename" "$S/a.gcode" "$S/parts/a.gcode"
		[ "$output" = EXDEV ]
		run "$TOOLS/rename" "$S/parts" "$S/pieces"
		[ "$output" = EXDEV ]
		assert_requests 0 PUT
		assert_requests 0 DELETE
	done
}

@test "a rename whose upload is refused leaves the model as it was" {
	local kind
	for kind in $(both); do
		printer "$kind"
		on_disk a.gcode 30000
		mounted
		cp "$DISK/a.gcode" "$DIR/a.gcode"
		refuse It is full
		run "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
		[ "$output" = ENOSPC ]
		assert_requests 0 DELETE
		printer_has a.gcode
		cmp "$DIR/a.gcode" "$S/a.gcode"
		refute test -e "$S/b.gcode"
	done
}

@test "a rename whose deletion is refused is taken back" {
	local kind tool
	for kind in $(both); do
		printer "$kind"
		on_disk a.gcode 30000
		mounted
		cp "$DISK/a.gcode" "$DIR/a.gcode"
		for tool in os mv; do
			forget_requests
			ctl fail DELETE /api/ 409 1 Not now
			assert_fails_with busy \
			    "name_$tool" "$S/a.gcode" "$S/b.gcode"
			assert_requests 1 PUT
			printer_has a.gcode
			[ "$(ls "$S")" = a.gcode ]
			cmp "$DIR/a.gcode" "$S/a.gcode"
		done
	done
}

@test "a model that the preview holds is EBUSY to rename, and nothing is sent" {
	local tool
	printer buddy --preview hold
	mounted
	model "$DIR/a.gcode"
	cp "$DIR/a.gcode" "$S/a.gcode"
	for tool in mv os gio; do
		forget_requests
		refute "name_$tool" "$S/a.gcode" "$S/b.gcode"
		assert_requests 0 PUT
		printer_has a.gcode
		cmp "$DIR/a.gcode" "$S/a.gcode"
	done
	unsent_is_empty
	grep -q 'dismiss the preview' "$M/log"
	ctl dismiss
	mv "$S/a.gcode" "$S/b.gcode"
	printer_has b.gcode
	cmp "$DIR/a.gcode" "$DISK/b.gcode"
	unsent_is_empty
}

@test "a model in print is EBUSY to rename, and nothing is sent" {
	local kind tool
	for kind in $(both); do
		fresh "$kind"
		model "$DIR/a.gcode"
		echo '; estimated printing time (normal mode) = 10m 0s' \
		    >>"$DIR/a.gcode"
		cp "$DIR/a.gcode" "$S/a.gcode"
		echo print >"$M/control"
		eventually status_is PRINTING
		for tool in mv os; do
			forget_requests
			assert_fails_with busy \
			    "name_$tool" "$S/a.gcode" "$S/b.gcode"
			assert_requests 0 'PUT|DELETE'
		done
		printer_has a.gcode
	done
}

@test "a rename that is refused after the deletion loses nothing" {
	fresh buddy
	model "$DIR/a.gcode"
	cp "$DIR/a.gcode" "$S/a.gcode"
	ctl fail PUT /api/ 507 1 It is full
	refute "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
	printer_has a.gcode
	cmp "$DIR/a.gcode" "$DISK/a.gcode"
	unsent_is_empty
	fresh buddy
	cp "$DIR/a.gcode" "$S/a.gcode"
	ctl fail PUT /api/ 507 2 It is full
	refute "$TOOLS/rename" "$S/a.gcode" "$S/b.gcode"
	printer_has ''
	cmp "$DIR/a.gcode" "$M/unsent/b.gcode"
	mv "$M/unsent/b.gcode" "$S/"
	cmp "$DIR/a.gcode" "$DISK/b.gcode"
}

# --- renames that programs do by copying ---

@test "mv onto a model that is refused leaves that model" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		mkdir "$S/parts"
		model "$DIR/old.gcode" 20000
		model "$DIR/model.gcode" 30000
		# Out of unsent, and from another folder.
		cp "$DIR/old.gcode" "$S/model.gcode"
		refused "$DIR/model.gcode" "$S/model.gcode"
		forget_requests
		refuse It is full
		refute mv "$M/unsent/model.gcode" "$S/"
		cmp "$DIR/old.gcode" "$DISK/model.gcode"
		cmp "$DIR/model.gcode" "$M/unsent/model.gcode"
		rm "$M/unsent/model.gcode"
		cp "$DIR/model.gcode" "$S/parts/model.gcode"
		refuse It is full
		refute mv "$S/parts/model.gcode" "$S/"
		cmp "$DIR/old.gcode" "$DISK/model.gcode"
		cmp "$DIR/model.gcode" "$DISK/parts/model.gcode"
		assert_requests 0 DELETE
		mv "$S/parts/model.gcode" "$S/"
		cmp "$DIR/model.gcode" "$DISK/model.gcode"
		refute test -e "$DISK/parts/model.gcode"
		assert_requests 1 DELETE
		unsent_is_empty
	done
}

@test "mv's copy of a model that cannot go is taken back" {
	local target
	printer buddy --preview hold
	mounted
	mkdir "$S/parts"
	model "$DIR/a.gcode" 300000
	cp "$DIR/a.gcode" "$S/a.gcode"
	for target in parts/a.gcode parts/b.gcode; do
		refute mv "$S/a.gcode" "$S/$target"
		printer_has a.gcode
		cmp "$DIR/a.gcode" "$S/a.gcode"
		refute test -e "$S/$target"
	done
	ctl dismiss
	mv "$S/a.gcode" "$S/parts/a.gcode"
	printer_has parts/a.gcode
}
