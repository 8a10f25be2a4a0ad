#!/usr/bin/env bats
# An Obico account: its printers as directories, commands, names, what never
# happens to a printer, and what is never told.
load helper
load linked.bash

LIST='^/api/v1/printers/\?'
MINI='Prusa MINI'

# Without the rows that are about all of them.
printers() {
	ls "$M" | grep -vxE \
	    'archived|control|gcodes|log|metrics|status.json|unsent|uploads.json'
}

api() {
	curl -s -H "Authorization: Bearer $TOKEN" "${@:2}" "$URL/api/v1/$1"
}

# An Obico server with printers of these names, one with nothing to print each.
named() {
	local name
	for name; do
		jq -n --arg name "$name" '{name: $name}' |
		    api printers/ -H 'Content-Type: application/json' -d @- |
		    jq -e .id >/dev/null
	done
	forget_requests
}

# rename_printer ID NAME: as others do.
rename_printer() {
	jq -n --arg name "$2" '{name: $name}' |
	    api "printers/$1/" -X PATCH -H 'Content-Type: application/json' \
		-d @- >/dev/null
}

@test "a printer of an account is a directory, named by its name" {
	fresh obico ttl=60
	run printers
	[ "${lines[0]}" = 'MK3S Workshop' ]
	[ "${lines[1]}" = 'Never_connected: Žluťoučký ☕' ]
	[ "${lines[2]}" = 'Prusa MINI' ]
	[ "${#lines[@]}" -eq 3 ]
	[ "$(ls "$M/archived")" = 'Old i3' ]
	assert_requests_at_most 2
}

@test "one list serves all printers, however many look" {
	printer obico --printers 50
	mounted ttl=60
	forget_requests
	cat "$M"/*/status.json >"$DIR/all" || :
	cat "$M"/*/status/state "$M"/*/job.json >/dev/null 2>&1 || :
	cat "$M/status.json" >/dev/null
	[ "$(jq -s length "$DIR/all")" -ge 50 ]
	assert_requests_at_most 1 . ^/api/v1/printers/
}

@test "the states are those of every printer" {
	fresh obico ttl=0
	[ "$(cat "$P/status/state")" = PRINTING ]
	[ "$(cat "$M/$MINI/status/state")" = IDLE ]
	[ "$(jq -r .printer.state "$P/status.json")" = PRINTING ]
	jq -e '.job.progress >= 0 and .job.progress <= 100 and
	    .printer.temp_nozzle > 0' "$P/status.json"
	[ "$(cat "$P/status/online")" = 1 ]
	[ "$(cat "$M"/Never*/status/online)" = 0 ]
	assert_fails_with 'Host is down' cat "$M"/Never*/status.json
	assert_fails_with 'No data' cat "$M/$MINI/job.json"
	ctl agent error 2
	[ "$(cat "$M/$MINI/status/state")" = ERROR ]
}

@test "pause, resume and stop return when the printer is seen so" {
	fresh obico
	for word in pause resume; do
		echo $word >"$P/control"
		[ "$(cat "$P/status/state")" = "$([ $word = pause ] &&
		    echo PAUSED || echo PRINTING)" ]
	done
	echo "MK3S Workshop stop" >"$M/control"
	[ "$(cat "$P/status/state")" = IDLE ]
	assert_requests 1 '^POST$' pause_print/$
	assert_requests 1 '^POST$' resume_print/$
	assert_requests 1 '^POST$' cancel_print/$
	assert_requests 0 . '_print$'
	assert_requests 0 '^(GET|HEAD)$' _print
}

@test "a printer that does not obey is no success" {
	fresh obico answer_timeout=1.5
	ctl agent ignore
	assert_fails_with 'timed out' bash -c "echo pause >'$P/control'"
	assert_requests 1 '^POST$'
	grep -q 'may be' "$P/log"
}

@test "a command for which the printer is in no state is not sent" {
	fresh obico
	assert_fails_with 'No such process' bash -c "echo pause >'$M/$MINI/control'"
	assert_fails_with 'busy' bash -c "echo resume >'$P/control'"
	assert_fails_with 'Host is down' bash -c "echo pause >'$M'/Never*/control"
	ctl agent drop
	eventually sh -c "[ \$(cat '$P/status/online') = 0 ]"
	assert_fails_with 'Host is down' bash -c "echo stop >'$P/control'"
	assert_requests 0 '^POST$'
}

@test "all printers are commanded at once, each with its own verdict" {
	fresh obico
	assert_fails_with 'Input/output error' bash -c "echo all pause >'$M/control'"
	[ "$(cat "$P/status/state")" = PAUSED ]
	grep -q 'Prusa MINI.*No such process' "$M/log"
	grep -q 'MK3S Workshop.*pause: done' "$M/log"
}

@test "renaming a directory renames the printer" {
	fresh obico
	mv "$M/$MINI" "$M/Žluťák 2"
	[ "$(api printers/2/ | jq -r .name)" = 'Žluťák 2' ]
	assert_requests 1 '^PATCH$'
	[ "$(cat "$M/Žluťák 2/status/state")" = IDLE ]
	[ ! -e "$M/$MINI" ]
	assert_fails_with 'exists' mv -T "$M/Žluťák 2" "$M/MK3S Workshop"
	assert_fails_with 'not permitted' mv "$M/Žluťák 2" "$M/archived/"
	for name in all .x; do
		assert_fails_with 'Invalid argument' python3 -c \
		    'import os, sys; os.rename(*sys.argv[1:])' \
		    "$M/Žluťák 2" "$M/$name"
	done
	assert_requests 1 '^PATCH$'
}

@test "a printer that is looked into is not renamed" {
	fresh obico
	exec 7<"$M/$MINI/events"
	assert_fails_with 'busy' mv "$M/$MINI" "$M/other"
	exec 7<&-
	eventually mv "$M/$MINI" "$M/other"
	assert_requests 1 '^PATCH$'
}

@test "a printer that others rename, add and delete is followed" {
	fresh obico ttl=0
	[ "$(cat "$M/$MINI/status/state")" = IDLE ]
	api printers/2/ -X PATCH -H 'Content-Type: application/json' \
	    -d '{"name": "Mine"}' >/dev/null
	eventually test -d "$M/Mine"
	eventually test ! -e "$M/$MINI"
	[ "$(cat "$M/Mine/status/state")" = IDLE ]
	named New
	eventually test -d "$M/New"
	api printers/2/ -X DELETE
	eventually test ! -e "$M/Mine"
	assert_fails_with 'No such file' cat "$M/Mine/status/state"
}

@test "a name that others had for a while meanwhile is nobody's" {
	fresh obico ttl=0
	[ -d "$P" ]
	exec 7<"$M/$MINI/log"
	rename_printer 2 Mine
	eventually test -d "$M/Mine"
	rename_printer 1 "$MINI"
	eventually test ! -e "$P"
	rename_printer 1 Other
	eventually test -d "$M/Other"
	exec 7<&-
	eventually test ! -e "$M/$MINI"
	[ "$(printers | xargs)" = 'Mine Never_connected: Žluťoučký ☕ Other' ]
}

@test "a printer whose name begins with # is commanded, too" {
	printer obico
	rename_printer 1 '#1'
	mounted
	printf '# a comment\n#\n #1 pause\n#2 pause\n' >"$DIR/lines"
	cat "$DIR/lines" >"$M/control"
	[ "$(cat "$M/#1/status/state")" = PAUSED ]
	assert_requests 1 '^POST$'
	assert_fails_with 'Invalid argument' bash -c "echo '#1 nonsense' >'$M/control'"
}

@test "any name is legal, and is a directory of its own" {
	local long
	printer obico
	long=$(printf 'ž%.0s' {1..250})
	named 'a/b' $'a\nb' '..' '.' 'Ender' 'Ender' 'control' 'archived' gcodes \
	    'all' 'pause' '# no' "$long" "$long" 'Ender (12)'
	api printers/2/ -X PATCH -H 'Content-Type: application/json' \
	    -d '{"name": ""}' >/dev/null
	mounted ttl=0
	printers >"$DIR/names"
	[ "$(wc -l <"$DIR/names")" -eq 18 ]
	[ "$(sort -u "$DIR/names" | wc -l)" -eq 18 ]
	while read -r name; do
		[ "${#name}" -le 255 ]
		[ "$(jq -r .name "$M/$name/info.json" | wc -l)" -ge 1 ]
	done <"$DIR/names"
	[ -d "$M/a_b" ]
	[ -d "$M/Ender" ]
	find "$M" -mindepth 1 -maxdepth 1 -name 'Ender (*)' | grep -q .
	unmounted
	mounted
	printers | diff "$DIR/names" -
}

@test "printers of one name are told apart by their numbers" {
	local id
	fresh obico ttl=0
	named Ender Ender
	id=$(api printers/ | jq '[.[] | select(.name == "Ender").id] | max')
	eventually test -d "$M/Ender ($id)"
	[ "$(jq .id "$M/Ender ($id)/info.json")" -eq "$id" ]
	[ "$(jq .id "$M/Ender/info.json")" -lt "$id" ]
}

@test "no removal deletes a printer" {
	fresh obico
	rm -rf "$M" 2>/dev/null || :
	assert_fails_with 'not permitted' rmdir "$M/$MINI"
	assert_fails_with 'Is a directory' unlink "$M/$MINI"
	find "$M" -delete 2>/dev/null || :
	assert_requests 0 '^DELETE$' /printers/
	assert_requests 0 '^(POST|PATCH|PUT)$'
	[ "$(api printers/ | jq length)" -eq 3 ]
}

@test "delete needs the number and the name of a printer" {
	fresh obico
	assert_fails_with 'Invalid argument' \
	    bash -c "echo delete 2 Prusa >'$M/control'"
	assert_fails_with 'Invalid argument' \
	    bash -c "echo delete $MINI >'$M/control'"
	assert_fails_with 'No such file' \
	    bash -c "echo delete 77 $MINI >'$M/control'"
	assert_fails_with 'busy' \
	    bash -c "echo delete 1 MK3S Workshop >'$M/control'"
	assert_requests 0 '^DELETE$'
	echo "delete 2 $MINI" >"$M/control"
	assert_requests 1 '^DELETE$' '^/api/v1/printers/2/$'
	[ ! -e "$M/$MINI" ]
	[ "$(api printers/ | jq 'map(.id) | index(2)')" = null ]
}

@test "archived printers are apart, and come back" {
	fresh obico
	echo archive >"$M/$MINI/control"
	eventually test -d "$M/archived/$MINI"
	eventually test ! -e "$M/$MINI"
	[ "$(api 'printers/?with_archived=true' |
	    jq -r '.[] | select(.id == 2).archived_at')" != null ]
	assert_fails_with 'busy' bash -c "echo archive >'$P/control'"
	echo unarchive >"$M/archived/$MINI/control"
	eventually test -d "$M/$MINI"
	eventually test ! -e "$M/archived/$MINI"
	assert_requests 1 '^PATCH$'
}

@test "a token that is refused is told once, and is EACCES everywhere" {
	fresh obico ttl=0
	cat "$P/status.json" >/dev/null
	ctl token other-token-1
	assert_fails_with 'Permission denied' cat "$P/status.json"
	assert_fails_with 'Permission denied' cat "$M/$MINI/info.json"
	assert_fails_with 'Permission denied' bash -c "ls '$M' >/dev/null"
	assert_fails_with 'Permission denied' bash -c "echo pause >'$P/control'"
	[ "$(grep -c refused "$OUT")" -eq 1 ]
	refute grep -q "$TOKEN" "$OUT"
	ctl token "$TOKEN"
	eventually cat "$P/status.json"
}

@test "a wrong token, no token, a token that others can read: no mount" {
	printer obico
	echo nonsense >"$DIR/token"
	run "$PRUSAFS" -o "type=obico,token_file=$DIR/token" "$URL" "$M"
	[ "$status" -eq 3 ]
	[[ $output == *token* ]]
	chmod 644 "$DIR/token"
	run "$PRUSAFS" -o "type=obico,token_file=$DIR/token" "$URL" "$M"
	[ "$status" -eq 1 ]
	[[ $output == *'chmod 600'* ]]
	run "$PRUSAFS" -o "type=obico" "$URL" "$M"
	[ "$status" -eq 3 ]
	[[ $output == *token_file* ]]
	run "$PRUSAFS" -o "type=obico,token=$TOKEN" "$URL" "$M"
	[ "$status" -eq 1 ]
	[[ $output != *"$TOKEN"* ]]
}

@test "the token comes from the environment, and is in no argument" {
	printer obico
	OBICO_TOKEN=$TOKEN "$PRUSAFS" -f -o "type=obico,cache_dir=$DIR/cache" \
	    "$URL" "$M" >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
	[ "$(cat "$P/status/state")" = PRINTING ]
	refute grep -q "$TOKEN" /proc/self/mountinfo
	refute grep -qa "$TOKEN" "/proc/$FS_PID/cmdline" "/proc/$FS_PID/environ"
}

@test "another server is no Obico" {
	printer buddy
	(umask 077 && echo x >"$DIR/token")
	run "$PRUSAFS" -o "type=obico,token_file=$DIR/token" "$URL" "$M"
	[ "$status" -eq 5 ]
	[[ $output == *Obico* ]]
}

@test "an account is a section of a printers file" {
	printer obico
	printf '[cloud]\ntype = obico\nurl = %s\ntoken_file = token\n' "$URL" \
	    >"$DIR/printers.conf"
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache" "$DIR/printers.conf" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
	[ "$(ls "$M" | grep -c cloud)" -eq 1 ]
	[ "$(cat "$M/cloud/MK3S Workshop/status/state")" = PRINTING ]
	jq -e '."cloud/MK3S Workshop".printer.state == "PRINTING"' \
	    "$M/status.json"
	jq -e '."MK3S Workshop".online' "$M/cloud/status.json"
	echo "cloud/MK3S Workshop pause" >"$M/control"
	[ "$(cat "$M/cloud/MK3S Workshop/status/state")" = PAUSED ]
	echo "MK3S Workshop resume" >"$M/cloud/control"
	mv "$M/cloud/$MINI" "$M/cloud/mini"
	[ "$(cat "$M/cloud/mini/status/state")" = IDLE ]
	sed -i 's/cloud/sky/' "$DIR/printers.conf"
	echo refresh >"$M/control"
	eventually test ! -e "$M/cloud"
	[ "$(cat "$M/sky/MK3S Workshop/status/state")" = PRINTING ]
}

was_read() {
	[ "$(grep -c 'was read again' "$OUT")" -ge "$1" ]
}

@test "an account that goes while its printers come leaves none behind" {
	local i
	printer obico --printers 300
	printf '[sky]\ntype = obico\nurl = %s\ntoken_file = token\n' "$URL" \
	    >"$DIR/printers.conf"
	sed s/sky/cloud/ "$DIR/printers.conf" >"$DIR/cloud.conf"
	cp "$DIR/printers.conf" "$DIR/sky.conf"
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache" "$DIR/printers.conf" "$M" \
	    >"$OUT" 2>&1 3>&- &
	FS_PID=$!
	eventually is_mounted
	for i in 1 3 5 7 9; do
		cat "$DIR/sky.conf" "$DIR/cloud.conf" >"$DIR/printers.conf"
		echo refresh >"$M/control"
		ls "$M/cloud" >/dev/null 2>&1 3>&- &
		cp "$DIR/sky.conf" "$DIR/printers.conf"
		# Amid the making of its printers, at least once.
		sleep "0.0$i"
		kill -HUP "$FS_PID"
		eventually was_read $((i + 1))
		wait $! || :
		refute grep -q cloud/ "$M/status.json"
	done
}

@test "what is wrong in an account's section is told with its line" {
	printer obico
	printf '[a]\ntype = obico\nurl = %s\n' "$URL" >"$DIR/printers.conf"
	run "$PRUSAFS" "$DIR/printers.conf" "$M"
	[ "$status" -eq 1 ]
	[[ $output == *printers.conf:1:*token_file* ]]
	printf '[a]\ntype = octoprint\nurl = %s\n' "$URL" >"$DIR/printers.conf"
	run "$PRUSAFS" "$DIR/printers.conf" "$M"
	[ "$status" -eq 1 ]
	[[ $output == *printers.conf:2:*type* ]]
	printf '[a]\nurl = %s\nobico = 1\npassword_file = password\n' \
	    "$URL" >"$DIR/printers.conf"
	run "$PRUSAFS" "$DIR/printers.conf" "$M"
	[ "$status" -eq 1 ]
	[[ $output == *printers.conf:1:*'type obico'* ]]
}

@test "a server that goes away and comes back needs no remount" {
	fresh obico ttl=0
	cat "$P/status.json" >/dev/null
	kill -STOP "$SIM_PID"
	kill -CONT "$SIM_PID"
	kill "$SIM_PID"
	wait "$SIM_PID" || :
	assert_fails_with 'Host is down' cat "$P/status.json"
	ls "$M" | grep -q Workshop
	[ "$(ls "$M/archived")" = 'Old i3' ]
	[ "$(grep -c 'does not answer\|is away' "$OUT")" -le 1 ]
	"$SIMPRINTER" --personality obico --port "${URL##*:}" \
	    --storage "$DIR/printer" --token "$TOKEN" --log "$DIR/requests" \
	    --control "$DIR/fifo" >"$DIR/ready" 2>"$DIR/simprinter.err" 3>&- &
	SIM_PID=$!
	eventually cat "$P/status.json"
}

@test "nothing is asked while nobody looks" {
	fresh obico
	ls "$M" >/dev/null
	cat "$P/status.json" >/dev/null
	forget_requests
	# A time in which nothing may be asked.
	sleep 3
	assert_requests 0
}

@test "a PrusaLink printer is watched through the account beside it" {
	linked ttl=0
	[ "$(cat "$M/mk4/status/state")" = IDLE ]
	[ "$(cat "$M/cloud/MK3S Workshop/status/state")" = PRINTING ]
	[ "$(jq .alert "$M/mk4/failure.json")" = false ]
	ctl alert
	[ "$(jq .alert "$M/mk4/failure.json")" = true ]
	echo 'acknowledge not_failed' >"$M/mk4/control"
	[ "$(jq .alert "$M/mk4/failure.json")" = false ]
	echo mute >"$M/mk4/control"
	jq -e .alert_muted_at "$M/mk4/failure.json"
	echo '{"lift_z_on_pause": 3.5}' >"$M/mk4/settings.json"
	[ "$(api printers/1/ | jq .lift_z_on_pause)" = 3.5 ]
	[[ $(file "$M/mk4/snapshot.png") == *PNG* ]]
	[ ! -e "$M/mk4/printer.json" ]
	assert_fails_with 'No such process' \
	    bash -c "echo pause >'$M/mk4/control'"
	unmounted
	linked_ends
}
