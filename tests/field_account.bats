#!/usr/bin/env bats
# An Obico account whose server, printers and files are not as expected.
load helper
load linked.bash

MINI='Prusa MINI'

api() {
	curl -sf -X "$1" -H "Authorization: Bearer $TOKEN" "${@:3}" \
	    "$URL/api/v1/$2"
}

api_json() {
	api "$1" "$2" -H 'Content-Type: application/json' -d "$3"
}

# cloud NAME FILE: uploaded by somebody else; tells its id.
cloud() {
	api POST g_code_files/ -F "filename=$1" -F "file=@$2" | jq -r .id
}

cloud_names() {
	api GET "g_code_files/?parent_folder=null&page_size=5000" |
	    jq -r '.results[].filename' | sort
}

setup_account() {
	printer obico
	model "$DIR/a.gcode" 3000
	model "$DIR/b.gcode" 5000
}

# As a section beside others.
farm_of_account() {
	printf '[cloud]\ntype = obico\nurl = %s\ntoken_file = token\n' \
	    "$URL" >"$DIR/printers.conf"
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache,ttl=1" \
	    "$DIR/printers.conf" "$M" >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
}

@test "an account has one cloud folder, and its printers have none" {
	setup_account
	cloud a.gcode "$DIR/a.gcode"
	mounted
	[ "$(ls "$M/gcodes")" = a.gcode ]
	[ ! -e "$P/gcodes" ]
	[ ! -e "$M/$MINI/gcodes" ]
	[ ! -e "$P/gcodes" ]
	[ "$(grep -c "gcodes is in the account's directory" "$P/log")" -eq 1 ]
	for name in unsent uploads.json; do
		[ -e "$M/$name" ]
		[ ! -e "$P/$name" ]
	done
	cp "$DIR/b.gcode" "$M/gcodes/"
	jq -e '.uploads[0].state == "stored"' "$M/uploads.json"
	df "$M/gcodes"
}

@test "rm -r of a printer leaves the cloud folder alone" {
	setup_account
	cloud a.gcode "$DIR/a.gcode"
	mounted
	mkdir "$S/parts"
	cp "$DIR/b.gcode" "$S/parts/"
	forget_requests
	refute rm -rf "$P" "$M/$MINI"
	assert_requests 0 '^(DELETE|POST|PATCH|PUT)$'
	cmp "$DIR/a.gcode" "$S/a.gcode"
	cmp "$DIR/b.gcode" "$S/parts/b.gcode"
}

@test "tar of the printers downloads nothing of the cloud folder" {
	setup_account
	cloud a.gcode "$DIR/a.gcode"
	mounted
	tar -C "$M" -cf "$DIR/all.tar" "${P##*/}" "$MINI" || :
	tar -tf "$DIR/all.tar" | grep -q status.json
	assert_requests 0 . '^/(media/tsd-gcodes|api/v1/g_code)'
}

@test "the cloud folder of a section is beside its printers, too" {
	setup_account
	farm_of_account
	[ "$(ls "$M/cloud" | xargs)" = "MK3S Workshop Never_connected:\
 Žluťoučký ☕ $MINI archived control gcodes log metrics status.json unsent\
 uploads.json" ]
	[ ! -e "$M/gcodes" ]
	cp "$DIR/a.gcode" "$M/cloud/gcodes/"
	cmp "$DIR/a.gcode" "$M/cloud/gcodes/a.gcode"
	[ "$(cloud_names)" = a.gcode ]
	ctl fail POST /api/v1/g_code_files/ 500 1
	refute cp "$DIR/b.gcode" "$M/cloud/gcodes/"
	cmp "$DIR/b.gcode" "$M/cloud/unsent/b.gcode"
	unmounted
	farm_of_account
	cmp "$DIR/b.gcode" "$M/cloud/unsent/b.gcode"
	mv "$M/cloud/unsent/b.gcode" "$M/cloud/gcodes/"
	[ "$(ls -A "$M/cloud/unsent")" = '' ]
	[ "$(cloud_names | xargs)" = 'a.gcode b.gcode' ]
}

@test "two accounts of one server have each an unsent of its own" {
	setup_account
	farm_of_account
	unmounted
	printf '[second]\ntype = obico\nurl = %s\ntoken_file = token\n' \
	    "$URL" >>"$DIR/printers.conf"
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache" "$DIR/printers.conf" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
	ctl fail POST /api/v1/g_code_files/ 500 1
	refute cp "$DIR/b.gcode" "$M/second/gcodes/"
	[ "$(ls "$M/second/unsent")" = b.gcode ]
	[ "$(ls "$M/cloud/unsent")" = '' ]
}

@test "an account that leaves the printers file takes its folder along" {
	setup_account
	farm_of_account
	cp "$DIR/a.gcode" "$M/cloud/gcodes/"
	exec 7<"$M/cloud/gcodes/a.gcode"
	sed -i 's/^\[cloud]/[sky]/' "$DIR/printers.conf"
	echo refresh >"$M/control"
	eventually test ! -e "$M/cloud"
	cmp "$DIR/a.gcode" "$M/sky/gcodes/a.gcode"
	cmp "$DIR/a.gcode" - <&7
	exec 7<&-
	echo refresh >"$M/control"
	cmp "$DIR/a.gcode" "$M/sky/gcodes/a.gcode"
}

@test "a printer named as a row of the account has its number behind it" {
	local name id
	setup_account
	for name in gcodes archived unsent uploads.json; do
		id=$(api_json POST printers/ "{\"name\":\"$name\"}" | jq .id)
		echo "$name $id" >>"$DIR/named"
	done
	mounted
	while read -r name id; do
		[ "$(jq .id "$M/$name ($id)/info.json")" -eq "$id" ]
	done <"$DIR/named"
	[ "$(ls "$M/gcodes")" = '' ]
	assert_fails_with 'File exists' \
	    "$TOOLS/rename" "$P" "$M/gcodes" 2>&1 || :
	[ -d "$P" ]
}

@test "refresh in the account's control forgets the cloud folder" {
	setup_account
	mounted
	[ "$(ls "$S")" = '' ]
	cloud a.gcode "$DIR/a.gcode"
	echo refresh >"$M/control"
	[ "$(ls "$S")" = a.gcode ]
}

@test "whatever it is called, a print that runs can be paused" {
	local text
	setup_account
	mounted ttl=0
	for text in 'Printing from SD' Starting Finishing; do
		ctl agent says "$text"
		[ "$(cat "$P/status/state")" = PRINTING ]
	done
	ctl agent obey
	ctl agent says Printing from SD
	echo pause >"$P/control" &
	eventually has_requests 1 '^POST$' pause_print
	ctl agent says Paused
	wait $!
	ctl agent says G-Code Downloading
	[ "$(cat "$P/status/state")" = BUSY ]
}

@test "an agent that has lost its machine tells of none" {
	setup_account
	mounted ttl=0
	ctl agent closed
	[ "$(cat "$P/status/online")" = 0 ]
	assert_fails_with 'Host is down' cat "$P/status.json"
	assert_fails_with 'Host is down' bash -c "echo pause >'$P/control'"
	jq -e '."MK3S Workshop".online == false' "$M/status.json"
	ctl agent error
	[ "$(cat "$P/status/state")" = ERROR ]
}

@test "a file whose size is not told does not spoil its folder" {
	local id
	setup_account
	id=$(cloud a.gcode "$DIR/a.gcode")
	cloud b.gcode "$DIR/b.gcode"
	api_json PATCH "g_code_files/$id/" '{"num_bytes": null}'
	mounted
	ls -l "$S"
	[ "$(stat -c %s "$S/a.gcode")" -eq 3000 ]
	cmp "$DIR/a.gcode" "$S/a.gcode"
	[ "$(stat -c %s "$S/b.gcode")" -eq 5000 ]
}

@test "a file whose bytes the server lost is removed" {
	setup_account
	cloud a.gcode "$DIR/a.gcode"
	mounted
	ls "$S"
	ctl fail DELETE /api/v1/g_code_files/ 500 1
	rm "$S/a.gcode"
	[ "$(ls "$S")" = '' ]
	[ "$(cloud_names)" = '' ]
	assert_requests 1 '^POST$' bulk_delete
}

@test "log names the line of control that was not understood" {
	setup_account
	mounted
	refute bash -c "printf '# one\\n\\nrefresh\\nnonsense\\n' >'$P/control'"
	grep -q 'control: line 4: nothing was done' "$P/log"
	refute bash -c \
	    "printf '# one\\nall refresh\\nMK3S Workshop nonsense\\n' >'$M/control'"
	grep -q 'control: line 3: nothing was done' "$M/log"
	refute bash -c "printf '\\n# x\\npause\\nresume\\nresume\\n' >'$P/control'"
	grep -q 'control: line 5: resume: ' "$P/log"
}

@test "control of an account lists what its printers have" {
	setup_account
	mounted
	grep -q '^pause ' "$M/control"
	grep -q '^archive ' "$M/control"
	refute grep -qE '^(print|ready|unready|snap|reboot|restart) ' "$M/control"
	refute grep -qE '^stop-transfer ' "$M/control"
}

# events_end COMMAND ...: whoever reads them comes to the end.
events_end() {
	cat "$M/$MINI/events" >"$DIR/events" 3>&- &
	eventually has_requests 1 '^GET$' ^/api/v1/printers/
	"$@"
	wait $!
	refute grep -qx "$MINI" < <(ls "$M")
}

@test "events of a printer end when it is renamed, archived or deleted" {
	local path
	setup_account
	mounted ttl=0.1
	events_end api_json PATCH printers/2/ '{"name": "Mine"}'
	MINI=Mine
	events_end api POST printers/2/archive/
	MINI='MK3S Workshop'
	ctl idle
	events_end api DELETE printers/1/
}

@test "a server that hangs delays no file that needs none" {
	local name
	setup_account
	mounted
	[ "$(cat "$P/status/online")" = 1 ]
	ls "$M" "$M/uploads.json"
	ctl latency 20000
	until [ "$(timeout 10 cat "$P/status/online" | wc -l)" -eq 1 ]; do :; done
	for name in "$P/log" "$P/control" "$M/uploads.json" "$M/control" \
	    "$M/log" "$P/status/online" "$M/$MINI/log"; do
		timeout 10 cat "$name" >/dev/null
	done
	ctl latency 0
	eventually cat "$P/status.json"
}

@test "a copy costs two questions at most, in a large folder too" {
	local i
	setup_account
	cloud old.gcode "$DIR/a.gcode"
	mounted
	ls "$S"
	forget_requests
	for i in {1..20}; do
		cp "$DIR/a.gcode" "$S/m$i.gcode"
	done
	assert_requests 20 '^POST$'
	assert_requests_at_most 40 '^GET$'
	forget_requests
	cp "$DIR/b.gcode" "$S/m3.gcode"
	assert_requests_at_most 4 '^GET$'
	cmp "$DIR/b.gcode" "$S/m3.gcode"
	[ "$(cloud_names | wc -l)" -eq 21 ]
	[ "$(ls "$S" | wc -l)" -eq 21 ]
}

@test "a copy into a folder of many has few records told" {
	local i
	setup_account
	for i in {1..30}; do
		cloud "x$i.gcode" "$DIR/a.gcode" >/dev/null
	done
	mounted
	ls "$S"
	forget_requests
	cp "$DIR/a.gcode" "$S/new.gcode"
	refute jq -se '[.[] | select(.method == "GET" and
	    (.target | test("g_code_files/.page|g_code_files/[?]")) and
	    .out > 2000)] | length > 0' "$DIR/requests"
}

@test "a wrong number of a watched printer is told at the mount" {
	setup_account
	printf '[cloud]\ntype = obico\nurl = %s\ntoken_file = token\n' \
	    "$URL" >"$DIR/printers.conf"
	printf '[mk4]\nurl = http://127.0.0.1:9\nobico = 77\n' \
	    >>"$DIR/printers.conf"
	printf '[mini]\nurl = http://127.0.0.2:9\nobico = 2\n' \
	    >>"$DIR/printers.conf"
	sed -i '/^obico/a password_file = password' "$DIR/printers.conf"
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache" "$DIR/printers.conf" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
	[ "$(grep -c 'mk4: obico = 77: cloud has no printer' "$OUT")" -eq 1 ]
	refute grep -q 'obico = 2' "$OUT"
}

@test "a file that was printed 5,000 times is listed and read" {
	setup_account
	cloud a.gcode "$DIR/a.gcode"
	mounted
	ctl prints 5000
	[ "$(ls "$S")" = a.gcode ]
	[ "$(stat -c %s "$S/a.gcode")" -eq 3000 ]
	cmp "$DIR/a.gcode" "$S/a.gcode"
	assert_requests 1 '^GET$' 'g_code_files/[?]'
}
