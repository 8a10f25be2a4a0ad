#!/usr/bin/env bats
# What a printer of an Obico account has that others have not.
load helper
load linked.bash

@test "a printer has the files that Obico can fill" {
	fresh obico
	local name
	for name in control events failure.json info.json job.json log \
	    metrics printer.json prints settings.json snapshot.jpg status \
	    status.json storage.json version.json; do
		[ -e "$P/$name" ]
	done
	for name in transfer.json legacy print usb local sdcard gcodes \
	    unsent uploads.json \
	    status/speed status/flow status/fan_print status/fan_hotend; do
		[ ! -e "$P/$name" ]
	done
	[ "$(ls "$M/archived/Old i3" | xargs)" = \
	    'control info.json log printer.json prints' ]
	jq -e '.id == 5 and .archived_at != null' \
	    "$M/archived/Old i3/printer.json"
	printer buddy
	mounted
	for name in failure.json settings.json printer.json prints; do
		[ ! -e "$M/$name" ]
	done
}

@test "failure.json tells whether the print is watched, and alarms" {
	printer obico
	mounted ttl=0.1
	jq -e '.watching and .alert == false and (has("alerted_at") | not) and
	    .action_on_failure == "PAUSE" and .normalized_p == 0' \
	    "$P/failure.json"
	jq -e '.watching == false and (.not_watching_reason | length > 0)' \
	    "$M/Prusa MINI/failure.json"
	ctl alert pause
	is_alarmed() {
		jq -e '.alert and .normalized_p == 0.85 and
		    (.alerted_at | type) == "string" and
		    (.paused_at | type) == "string"' "$P/failure.json"
	}
	eventually is_alarmed
}

setting() {
	jq -cr ".$1" "$P/settings.json"
}

@test "settings.json is changed by one write, and then shows it" {
	fresh obico
	[ "$(stat -c %a "$P/settings.json")" = 644 ]
	echo '{"watching_enabled": false}' >"$P/settings.json"
	[ "$(setting watching_enabled)" = false ]
	assert_requests 1 '^PATCH$'
	printf '{"retract_on_pause":1.5,"name":"MK3S Workshop"}' \
	    >"$P/settings.json"
	[ "$(setting retract_on_pause)" = 1.5 ]
	printf '{"lift_z_on_pause":4}' >>"$P/settings.json"
	[ "$(setting lift_z_on_pause)" = 4 ]
	jq '.action_on_failure = "NONE" | .min_timelapse_secs_on_cancel = -1' \
	    "$P/settings.json" >"$DIR/new.json"
	cp "$DIR/new.json" "$P/settings.json"
	[ "$(setting '["action_on_failure"]')" = NONE ]
	[ "$(setting min_timelapse_secs_on_cancel)" = -1 ]
	python3 - "$P/settings.json" <<-'PY'
	import json, os, sys
	with open(sys.argv[1]) as file:
	    settings = json.load(file)
	settings["detective_sensitivity"] = 1.2
	with open(sys.argv[1], "w") as file:
	    json.dump(settings, file, indent=4)
	with open(sys.argv[1], "rb") as file:
	    data = file.read()
	    assert len(data) == os.fstat(file.fileno()).st_size
	assert json.loads(data) == settings
	PY
	assert_requests 5 '^PATCH$'
	echo '{}' >"$P/settings.json"
	: >"$P/settings.json"
	assert_requests 5 '^PATCH$'
	[ "$(setting watching_enabled)" = false ]
}

@test "a reader that has settings.json open is not disturbed by a writer" {
	fresh obico
	local before
	before=$(cat "$P/settings.json")
	exec 8<"$P/settings.json"
	jq '.name = "MK3S Workshop" | .retract_on_pause = 1234.5' \
	    "$P/settings.json" >"$DIR/new.json"
	cp "$DIR/new.json" "$P/settings.json"
	[ "$(cat <&8)" = "$before" ]
	exec 8<&-
	[ "$(setting retract_on_pause)" = 1234.5 ]
}

@test "wrong settings fail in their write, and nothing is sent" {
	fresh obico
	local before text
	before=$(cat "$P/settings.json")
	while read -r text; do
		assert_fails_with 'Invalid argument' \
		    tee "$P/settings.json" <<<"$text"
	done <<-'END'
	not JSON
	{"watching_enabled": false
	{"watching_enabled": false} {}
	[{"watching_enabled": false}]
	{"auth_token": "x"}
	{"user_id": 2}
	{"current_print": null}
	{"archived_at": null}
	{"watching_enabled": 0}
	{"watching_enabled": null}
	{"name": ""}
	{"name": 7}
	{"action_on_failure": "EXPLODE"}
	{"retract_on_pause": -0.1}
	{"lift_z_on_pause": "1"}
	{"detective_sensitivity": 1.3}
	{"min_timelapse_secs_on_finish": 1.5}
	{"min_timelapse_secs_on_finish": -2}
	{"retract_on_pause": 1, "retract_on_pause": 2}
	END
	assert_fails_with 'Argument list too long' \
	    cp <(printf '{"name": "%05000d"}' 1) "$P/settings.json"
	assert_fails_with 'Operation not permitted' \
	    sed -i s/true/false/ "$P/settings.json"
	grep -q 'settings: auth_token: there is no such setting' "$M/log"
	grep -q 'settings: detective_sensitivity: .*range' "$M/log"
	assert_requests 0 '^PATCH$'
	[ "$(cat "$P/settings.json")" = "$before" ]
}

@test "settings.json is its owner's to write" {
	need_root
	fresh obico allow_other,umask=000
	[ "$(stat -c %a "$P/settings.json")" = 644 ]
	refute setpriv --reuid=nobody --clear-groups \
	    tee "$P/settings.json" <<<'{}'
}

verbs_of() {
	sed -n '2,$s/ .*//p' "$1" | xargs
}

@test "control offers what Obico can do, and nothing else" {
	fresh obico
	local words='pause resume stop cancel mute unmute acknowledge archive'
	[ "$(verbs_of "$P/control")" = "$words refresh" ]
	[ "$(verbs_of "$M/archived/Old i3/control")" = 'unarchive refresh' ]
	local word
	for word in print snap reboot restart stop-transfer ready unready \
	    unarchive; do
		assert_fails_with 'not supported' \
		    tee "$P/control" <<<"$word"
	done
	for word in pause stop mute acknowledge archive; do
		assert_fails_with 'not supported' \
		    tee "$M/archived/Old i3/control" <<<"$word"
	done
	assert_requests 0 POST
}

@test "an alarm is acknowledged, and a print is muted" {
	printer obico
	mounted ttl=0
	assert_fails_with 'resource busy' \
	    tee "$P/control" <<<'acknowledge failed'
	ctl alert
	assert_fails_with 'Invalid argument' tee "$P/control" <<<acknowledge
	assert_fails_with 'Invalid argument' \
	    tee "$P/control" <<<'acknowledge perhaps'
	grep -q 'acknowledge: .*not_failed' "$P/log"
	assert_requests 0 POST
	jq -e .alert "$P/failure.json"
	echo 'acknowledge  not_failed' >"$P/control"
	jq -e '.alert == false and .alert_overwrite == "NOT_FAILED"' \
	    "$P/failure.json"
	echo mute >"$P/control"
	jq -e '.watching == false and (.alert_muted_at | type) == "string"' \
	    "$P/failure.json"
	printf 'unmute\n' >"$P/control"
	jq -e '.watching and (has("alert_muted_at") | not)' "$P/failure.json"
	assert_fails_with 'No such process' tee "$M/Prusa MINI/control" <<<mute
}

@test "a printer is put away, and taken out again" {
	fresh obico
	assert_fails_with 'resource busy' tee "$P/control" <<<archive
	echo archive >"$M/Prusa MINI/control"
	refute grep -qx 'Prusa MINI' < <(ls "$M")
	eventually test ! -e "$M/Prusa MINI"
	[ -e "$M/archived/Prusa MINI/printer.json" ]
	[ ! -e "$M/archived/Prusa MINI/status.json" ]
	assert_requests 1 '^POST$'
	echo unarchive >"$M/archived/Prusa MINI/control"
	refute grep -qx 'Prusa MINI' < <(ls "$M/archived")
	eventually test ! -e "$M/archived/Prusa MINI"
	jq -e '.printer.state == "IDLE"' "$M/Prusa MINI/status.json"
	assert_requests 1 '^PATCH$'
}

@test "prints has a file for each print, from one request" {
	fresh obico
	local print
	ls -l "$P/prints" | sed 1d >"$DIR/list"
	cat "$P"/prints/*.json >"$DIR/all"
	assert_requests 1 '^GET$' '^/api/v1/prints/'
	[ "$(wc -l <"$DIR/list")" -ge 2 ]
	[ "$(wc -l <"$DIR/all")" -eq "$(wc -l <"$DIR/list")" ]
	jq -es 'all(.[]; .printer.id == 1 and (.filename | length > 0))' \
	    "$DIR/all"
	[ "$(stat -c %s "$P"/prints/*.json | jq -s add)" -eq \
	    "$(stat -c %s "$DIR/all")" ]
	for print in "$P"/prints/*.json; do
		[ "$(stat -c %Y "$print")" = "$(jq -r '
		    .ended_at // .started_at | sub("\\.[0-9]+"; "") |
		    fromdate' "$print")" ]
		[ "$(jq .id "$print").json" = "$(basename "$print")" ]
	done
	[ ! -e "$P/prints/99.json" ]
	[ ! -e "$P/prints/01.json" ]
	refute touch "$P/prints/new.json" 2>/dev/null
	refute rm -f "$print" 2>/dev/null
	[ -d "$M/archived/Old i3/prints" ]
	ls "$M/archived/Old i3/prints"
}

@test "a name that is no number of a print asks for none" {
	fresh obico
	local name
	ls "$P" >/dev/null
	forget_requests
	for name in .json 01.json x.json 1x.json; do
		[ ! -e "$P/prints/$name" ]
	done
	assert_requests 0 '^GET$' '^/api/v1/prints/'
}

# Write what comes into a file; $LISTENER is the process.
listen() {
	cat "$P/events" >"$1" 3>&- &
	LISTENER=$!
	eventually is_open "$LISTENER"
}

# Does the process wait for an event?
is_open() {
	readlink "/proc/$1"/fd/* | grep -qF "$P/events" &&
	    grep -q '[SD] ' "/proc/$1/stat"
}

# has FILE KIND OLD NEW, as JSON.
has() {
	jq -es --arg kind "$2" --argjson old "$3" --argjson new "$4" '
	    any(.[]; .kind == $kind and .old == $old and .new == $new)' "$1"
}

@test "an alarm shows in events, and so does its end" {
	fresh obico
	listen "$DIR/events"
	grep -m1 '"alert"' "$P/events" >"$DIR/grep" 3>&- &
	local grep=$!
	eventually is_open "$grep"
	ctl alert pause
	wait "$grep"
	jq -e '.kind == "alert" and .old == false and .new and
	    .printer == "MK3S Workshop"' "$DIR/grep"
	eventually has "$DIR/events" state '"PRINTING"' '"PAUSED"'
	eventually has "$DIR/events" watching true false
	echo resume >"$P/control"
	eventually has "$DIR/events" alert true false
	eventually has "$DIR/events" watching false true
	ctl agent drop
	eventually has "$DIR/events" online true false
	kill "$LISTENER"
}

@test "events of a printer ask for the account's list, and for nothing else" {
	fresh obico
	listen "$DIR/events"
	has_requests_now() {
		has_requests 3 '^GET$' '^/api/v1/printers/[?]'
	}
	eventually has_requests_now
	jq -es 'all(.[]; .target | startswith("/api/v1/printers/?"))' \
	    "$DIR/requests"
	kill "$LISTENER"
}

# metric NAME{LABELS} of a file: its value.
metric() {
	"$TOOLS/openmetrics" "$2" <"$1/metrics"
}

@test "metrics tell alarms, and an account's requests once" {
	printer obico
	mounted ttl=0.1
	local p='printer="MK3S Workshop"' mini='printer="Prusa MINI"'
	local account
	[ "$(metric "$P" "prusafs_watching{$p}")" = 1 ]
	[ "$(metric "$P" "prusafs_failure_alert{$p}")" = 0 ]
	[ "$(metric "$P" "prusafs_failure_ratio{$p}")" = 0 ]
	[ "$(metric "$M" "prusafs_watching{$mini}")" = 0 ]
	refute grep -q 'requests_total\|_seconds_count' "$P/metrics"
	ctl alert
	has_alarm() {
		[ "$(metric "$M" "prusafs_failure_alert{$p}")" = 1 ] &&
		    [ "$(metric "$M" "prusafs_failure_ratio{$p}")" = 0.85 ]
	}
	eventually has_alarm
	cat "$M/metrics" >"$DIR/metrics"
	refute grep -q 'requests_total{printer' "$DIR/metrics"
	account=$(sed -n 's/^prusafs_requests_total{account="\([^"]*\)".*/\1/p' \
	    "$DIR/metrics" | sort -u)
	[ "$(wc -l <<<"$account")" = 1 ]
	[ "$("$TOOLS/openmetrics" "prusafs_requests_total{account=\"$account\",$(
		)method=\"GET\",outcome=\"accepted\"}" <"$DIR/metrics")" = \
	    "$(requests '^GET$' '^/api')" ]
	printer buddy
	mounted
	refute grep -q 'failure\|watching' "$M/metrics"
}

# Every secret that the server has told, and the account's token.
secrets() {
	echo "$TOKEN"
	curl -sf -H "Authorization: Bearer $TOKEN" \
	    "$URL/api/v1/printers/?with_archived=true" |
	    jq -r '.. | .auth_token? // empty' | sort -u
}

@test "no file of an account has a secret in it" {
	fresh obico
	local secret
	ctl alert
	secrets >"$DIR/secrets"
	[ "$(wc -l <"$DIR/secrets")" -ge 5 ]
	refute grep -qx '' "$DIR/secrets"
	# Files that cannot be had now are errors for grep, and no matches.
	found_by() {
		run timeout 60 grep -rsl "$@" "$M"
		[ "$status" -ne 124 ] && [ -n "$output" ]
	}
	found_by -F '"MK3S Workshop"'
	while read -r secret; do
		[ "${#secret}" -ge 8 ]
		refute found_by -F -e "$secret"
	done <"$DIR/secrets"
	refute found_by -E -e 'auth_token|digest=|[?&][a-z]+=Yidc'
	run grep -rFl -f "$DIR/secrets" "$DIR/cache"
	[ "$status" -eq 1 ]
	refute grep -qFf "$DIR/secrets" "$OUT" /proc/self/mountinfo
	refute grep -qFf "$DIR/secrets" <(tr '\0' '\n' \
	    <"/proc/$FS_PID/cmdline")
}

is_jpeg() {
	[ "$(head -c 3 "$1" | od -An -tx1)" = ' ff d8 ff' ]
}

@test "twenty readers of a picture share one request" {
	fresh obico
	local i
	for i in $(seq 20); do
		cat "$P/snapshot.jpg" >"$DIR/picture$i" 3>&- &
		PIDS[i]=$!
	done
	for i in $(seq 20); do
		wait "${PIDS[i]}"
		is_jpeg "$DIR/picture$i"
	done
	assert_requests 1 '^GET$' '^/media/'
	# The next look may show another one.
	exec 7<"$P/snapshot.jpg"
	[ "$(stat -L -c %s /proc/self/fd/7)" -eq "$(head -c 20000000 <&7 |
	    wc -c)" ]
	exec 7<&-
	[ "$(head -c 8 "$P/snapshot.png" | tail -c 7 | head -c 3)" = PNG ]
	is_jpeg "$P/cameras/camera/snapshot.jpg"
	jq -e '.name == "cam"' "$P/cameras/camera/config.json"
	[ "$(stat -c %s "$M/Never_connected: Žluťoučký ☕/snapshot.jpg")" = 0 ]
	assert_fails_with 'No data available' \
	    cat "$M/Never_connected: Žluťoučký ☕/snapshot.jpg"
}

@test "fifty printers cost one request for their list" {
	printer obico --printers 50
	mounted ttl=60
	[ "$(cat "$M"/*/status.json | jq -s length)" -ge 51 ]
	cat "$M"/*/{failure,settings,printer,info}.json >"$DIR/all"
	[ "$(wc -l <"$DIR/all")" -ge 200 ]
	jq -e 'length >= 51' "$M/status.json"
	assert_requests 1 '^GET$' '^/api/v1/printers/[?]'
	assert_requests 0 . '^/api/v1/printers/[0-9]'
}

@test "a watched printer keeps its own, and its alarms while it is away" {
	local name words
	linked ttl=0.1
	P=$M/mk4
	for name in transfer.json legacy print usb unsent uploads.json \
	    status/speed failure.json settings.json snapshot.jpg cameras; do
		[ -e "$P/$name" ]
	done
	for name in printer.json prints gcodes; do
		[ ! -e "$P/$name" ]
	done
	words=$(verbs_of "$P/control")
	[[ " $words " == *' print pause '*' mute unmute acknowledge refresh ' ]]
	refute grep -q archive <<<"$words"
	[ "$(metric "$P" 'prusafs_watching{printer="mk4"}')" = 1 ]
	grep -q '^prusafs_requests_total{printer="mk4"' "$P/metrics"
	listen "$DIR/events"
	linked_ends
	eventually has "$DIR/events" online true false
	ctl alert
	eventually has "$DIR/events" alert false true
	jq -e .alert "$P/failure.json"
	is_jpeg "$P/snapshot.jpg"
	assert_fails_with 'Host is down' cat "$P/status.json"
	kill "$LISTENER"
}

@test "a printer is watched with the token of now" {
	linked ttl=0.1
	jq -e .watching "$M/mk4/failure.json"
	ctl token other-token-1
	echo other-token-1 >"$DIR/token"
	echo refresh >"$M/control"
	jq -e .id "$M/cloud/MK3S Workshop/info.json"
	jq -e .watching "$M/mk4/failure.json"
	unmounted
	linked_ends
}
