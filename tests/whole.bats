#!/usr/bin/env bats
# Programs that go through a whole mount.
load helper
load farm.bash

# Everything that tells something, and an upload that was refused.
used() {
	model "$DIR/model.gcode" 3000
	cp "$DIR/model.gcode" "$1/"
	mkdir "$1/parts"
	cp "$DIR/model.gcode" "$1/parts/other.gcode"
	cat "$1/model.gcode" >/dev/null
}

# search PATTERN: files of the whole mount with it.
search() {
	run --separate-stderr timeout 60 grep -rlF "$1" "$M"
	[ "$status" -ne 124 ]
}

# Files of the mount that can be read, one of which is the log of requests.
assert_no_secret() {
	local word
	search GET
	grep -qE "$M/?.*log" <<<"$output"
	search 'G1 X'
	[ "$(grep -c 'gcode$' <<<"$output")" -ge "$1" ]
	for word in "$PASSWORD" api-key "$(printf 'maker:%s' "$PASSWORD" |
	    base64)" "$(printf %s "$PASSWORD" | base64)" 'response='; do
		search "$word"
		[ -z "$output" ]
	done
}

@test "grep -r of a whole mount ends and finds no password" {
	local kind key
	for kind in $(both); do
		for key in '' "api_key_file=$DIR/key"; do
			printer "$kind"
			(umask 077 && if [ "$kind" = pi ]; then
				echo api-key
			else
				echo "$PASSWORD"
			fi >"$DIR/key")
			if [ -z "$key" ]; then
				mounted
			else
				"$PRUSAFS" -f -o "$key,cache_dir=$DIR/cache" \
				    "$URL" "$M" >"$OUT" 2>&1 3>&- &
				FS_PID=$!
				eventually mounted_or_dead
				is_mounted
			fi
			used "$S"
			ctl fail PUT / 507 1
			refute cp "$DIR/model.gcode" "$S/refused.gcode" \
			    2>/dev/null
			[ -s "$M/unsent/refused.gcode" ]
			assert_no_secret 3
		done
	done
}

@test "grep -r of a whole farm ends and finds no password" {
	grow mk4 mini pi3
	dead 1
	section away "${DEAD[0]}"
	farm_mounted
	used "$M/mk4/usb"
	used "$M/mini/usb"
	used "$M/pi3/local"
	assert_no_secret 6
}

# The rows of the tree and what is in no storage.
rows_of() {
	(cd "$M" && find . \( -path '*/usb/*' -o -path '*/local/*' -o \
	    -path '*/sdcard/*' -o -path '*/unsent/*' \) -prune -o -print) |
	    sort
}

# made NAME METHOD: how many of these requests that printer was asked.
made() {
	jq -rs --arg method "$2" '[.[] | select(.status != 401 and
	    .method == $method)] | length' "$DIR/farm/$1.log"
}

@test "rm -rf of a farm removes the models, and nothing else" {
	local name
	grow mk4 mini pi3
	farm_mounted
	used "$M/mk4/usb"
	used "$M/pi3/local"
	printing mini
	[ "$(cat "$M/mini/status/file")" = long.gcode ]
	cp "$DIR/model.gcode" "$M/mini/usb/"
	tell mk4 fail PUT / 507 1
	refute cp "$DIR/model.gcode" "$M/mk4/usb/refused.gcode" 2>/dev/null
	[ -s "$M/mk4/unsent/refused.gcode" ]
	rows_of >"$DIR/before"
	for name in mk4 mini pi3; do
		: >"$DIR/farm/$name.log"
	done
	run timeout 60 rm -rf "$M"
	[ "$status" -eq 1 ]
	rows_of >"$DIR/after"
	diff "$DIR/before" "$DIR/after"
	# Two models and a folder; one of two models; two models and a folder.
	[ "$(made mk4 DELETE)" -eq 3 ]
	[ "$(find "$DIR/farm/mk4" -mindepth 1 | wc -l)" -eq 0 ]
	[ "$(made pi3 DELETE)" -eq 3 ]
	[ "$(find "$DIR/farm/pi3/local" -mindepth 1 | wc -l)" -eq 0 ]
	[ "$(cd "$DIR/farm/mini" && find . -type f)" = ./long.gcode ]
	[ -z "$(ls "$M/mk4/unsent")" ]
	state_is mini PRINTING
	for name in mk4 mini pi3; do
		[ "$(made "$name" PUT)" -eq 0 ]
		[ "$(made "$name" POST)" -eq 0 ]
		[ "$(cat "$M/$name/status/online")" = 1 ]
	done
	# What is there still works.
	cp "$DIR/model.gcode" "$M/mk4/usb/"
	cmp "$DIR/model.gcode" "$DIR/farm/mk4/model.gcode"
}
